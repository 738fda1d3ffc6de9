"""Rehearsals: trials whose news nobody hears."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import final

from ..trial import Assignment, Trial


def tried(one: Assignment) -> Trial:
    """The trial of an assignment, to be tried and forgotten."""
    return Trial(dataclasses.replace(one, rehearsal=True, resume_step=None), _Deaf())


@final
class _Deaf:
    """A channel whose other end nobody listens to."""

    def marked(self, moment: str, step: int) -> None:
        """Nothing."""

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing."""

    def saved(self, step: int, value: float | None) -> None:
        """Nothing."""
