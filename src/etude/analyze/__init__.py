"""Stage: records become results, results become findings; one file a check, named as the check."""
