"""Stage: a study and its history become moves."""

from __future__ import annotations

from .base import Search
from .quasi_random import QuasiRandom

SEARCHES: dict[str, type[Search]] = {"quasi_random": QuasiRandom}
