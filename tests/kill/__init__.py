"""Kills at chosen calls and at random moments, and what is held against a run that nobody killed.

Shared by `tests/test_kill.py` and `benchmarks/kills.py`.
"""
