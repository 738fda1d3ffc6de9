"""A study's history as arrays and tables."""
