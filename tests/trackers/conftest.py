"""Trackers write beside a store of their own, and call nobody."""

from __future__ import annotations

import pytest
from tests.trackers.following import Followed


@pytest.fixture(autouse=True)
def _at_home(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def followed(kind, tmp_path):
    made = Followed(kind, tmp_path)
    yield made
    made.store.close()
