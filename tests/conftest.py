"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import settings

# The same examples each time (seeds are given), and no limit that a busy machine can break.
settings.register_profile("etude", derandomize=True, deadline=None)
settings.load_profile("etude")

# A shell that runs the tests in the background has them ignore Ctrl-C, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
