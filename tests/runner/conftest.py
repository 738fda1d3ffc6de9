"""What a runner does to this process, undone after each test."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def path(monkeypatch):
    """A copy of `sys.path`, on which an experiment's folder comes first."""
    monkeypatch.setattr(sys, "path", list(sys.path))


# It sets up the process that imports it, so only trials do.
collect_ignore = ["late.py"]
