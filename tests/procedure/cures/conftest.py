from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etude.store import open_store
from etude.store.base import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One a module: what a test asks for again was trained before."""
    opened = open_store(Path(tmp_path_factory.mktemp("store")) / "etude.db")
    yield opened
    opened.close()
