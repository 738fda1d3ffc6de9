"""The checklist: one file a check, named as the check."""
