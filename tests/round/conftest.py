"""Stores for rounds, and an experiment file."""

import pytest
from tests.round.rates import FILE

from etude.store.memory import Memory


@pytest.fixture
def store():
    return Memory()


@pytest.fixture
def file(tmp_path):
    """An experiment file beside its train function."""
    path = tmp_path / "rates.toml"
    path.write_text(FILE)
    (tmp_path / "train.py").write_text("def train(trial):\n    return trial['learning_rate']\n")
    return path


@pytest.fixture
def place(tmp_path):
    return tmp_path / "etude.db"
