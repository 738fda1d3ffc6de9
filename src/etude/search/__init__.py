"""Stage: a study and its history become moves."""

from __future__ import annotations

from ..study import Study
from .base import Search
from .covered import Covered
from .imported import Imported
from .listed import Listed
from .quasi_random import QuasiRandom

SEARCHES: dict[str, type[Search]] = {
    "quasi_random": QuasiRandom,
    "listed": Listed,
    "imported": Imported,
}


def search_of(study: Study) -> Search:
    """The search that a study asks for; in a merged study, the scientific values covered evenly.

    Source: R14.
    """
    search = SEARCHES[study.search]()
    return Covered(search) if study.merged else search
