"""The form in which every reader hands on what another tool recorded: nothing is judged here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, final

from ..space import Domain, Scalar

# As the csv format names them; `failed` becomes infeasible (`error`), `stopped` is censored, and
# `unknown` is judged by the values: a last loss that is not finite makes it infeasible (`nan`), as
# it makes one that failed and tells no error.
SourceStatus: TypeAlias = Literal[
    "completed", "infeasible", "stopped", "failed", "running", "unknown"
]
# A row is one value: the step, the metric's name, and the raw value, which may be NaN or infinite.
Row: TypeAlias = tuple[int, str, float]
# Heuristic: for people, a longer list of names or trials says no more.
MAX_NAMED = 8


@final
@dataclass(frozen=True, kw_only=True)
class SourceTrial:
    """A trial as the other tool knows it.

    Args:
        name: Its id there.
        setting: Its hyperparameters, those that it has: a conditional one is absent elsewhere.
        rows: Its values in the order in which they were written.
        seed: None where the tool does not know it.
        detail: For people: the other tool's own words about its end.
    """

    name: str
    setting: Mapping[str, Scalar]
    rows: tuple[Row, ...] = ()
    status: SourceStatus = "unknown"
    reason: str = ""
    detail: str = ""
    seed: int | None = None
    wall_s: float = 0.0


@final
@dataclass(frozen=True, kw_only=True)
class SourceStudy:
    """A study as the other tool knows it: trials that belong together.

    Args:
        name: Its name there; empty where the source has one study without a name.
        domains: The space, as far as the source states it; other bounds come from the trials.
        maximize: The direction that the source states; None where it states none.
        left_out: What could not be read, one sentence each, file by file.
        max_steps: The full length, where the source states it.
    """

    name: str
    trials: tuple[SourceTrial, ...]
    domains: Mapping[str, Domain] = field(default_factory=dict)
    maximize: bool | None = None
    left_out: tuple[str, ...] = ()
    max_steps: int | None = None


@final
@dataclass(frozen=True, kw_only=True)
class ReadRequest:
    """What a person wants a reader to hand on, and under which names.

    Args:
        metric: The name of the objective here.
        renames: From a name there to its name here, of metrics and of hyperparameters.
        ignored_names: Names there that are left out.
        study: Only the study of this name; empty for all.
        setting_names: Names here that a space of the person's names: hyperparameters for sure.
        names_met: Those of `ignored_names` that a reader met. It hands on nothing of them, so a
            misspelt one shows in no other way.
    """

    metric: str
    renames: Mapping[str, str] = field(default_factory=dict)
    ignored_names: frozenset[str] = frozenset()
    study: str = ""
    setting_names: frozenset[str] = frozenset()
    names_met: set[str] = field(default_factory=set, compare=False)


class Reader(Protocol):
    """Reads the sources of one tool: the `read` of the module or folder that has its name."""

    def __call__(self, source: Path, request: ReadRequest) -> list[SourceStudy]:
        """Every study of the source, names already renamed and ignored ones gone.

        Raises:
            ImportFileError: for a source that is not what its kind says, with the way out.
        """
