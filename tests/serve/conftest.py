"""A store that is served on loopback by a server in a thread of this process."""

from __future__ import annotations

import pytest
from tests.serve.serving import Served, no_page

from etude.serve.pages import Pages


@pytest.fixture(autouse=True, scope="module")
def _no_pages(request):
    """A page takes seconds: only those files make one that ask for it."""
    with pytest.MonkeyPatch.context() as patch:
        if not getattr(request.module, "MAKES_PAGES", False):
            patch.setattr(Pages, "consider", no_page)
        yield


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path)
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """One that a whole file of tests looks at, and nothing happens to."""
    made = Served(tmp_path_factory.mktemp("quiet"))
    made.start()
    yield made
    made.close()
