"""Charts of results: one file a result, named as in `analyze/`; nothing is computed here."""
