"""Stage: assignments in, events out."""
