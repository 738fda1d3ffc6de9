"""Batch sizes: what was measured of each, and what follows from it."""
