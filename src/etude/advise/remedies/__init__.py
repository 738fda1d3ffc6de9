"""Remedies: one file for each kind of change that the next round may make."""
