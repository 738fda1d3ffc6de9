"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# The same examples each time (seeds are given), and no limit that a busy machine can break.
settings.register_profile("etude", derandomize=True, deadline=None)
settings.load_profile("etude")
