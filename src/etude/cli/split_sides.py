"""The settings that `etude compare --splits` trains again: where they stand, and what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from ..errors import RunError

if TYPE_CHECKING:
    from ..advise.splits import Divider
    from ..experiment import Experiment
    from ..record import Record
    from ..round.result import Result
    from ..store.base import Store
    from .compare_inputs import Input
    from .options import Judge


@final
@dataclass(frozen=True, kw_only=True)
class Side:
    """One of those whose variances are asked for.

    Args:
        result: Of its experiment.
        record: The trial whose setting it is.
        folder: Where the paths of the experiment's file begin.
    """

    name: str
    result: Result
    record: Record
    folder: Path
    values: tuple[float, ...]
    copies: bool

    @property
    def experiment(self) -> Experiment:
        """As it was trained, whatever judges it now."""
        return self.result.trained or self.result.experiment


def side_of(store: Store, name: str, judge: Judge) -> Side:
    """The setting that a name means.

    Raises:
        RunError: for one that cannot be trained on other splits.
    """
    from ..round.result import load
    from .compare_inputs import from_store

    read = cache(lambda title: judge.of(load(store, title)))
    typed = from_store(store, name, read)
    assert typed.result is not None, "What a store has is a result. This is a bug."
    record = _record(typed)
    source = typed.result.entry.source
    _refuse(typed.result, record)
    values, copies = _retrained(typed, record)
    return Side(
        name=name,
        result=typed.result,
        record=record,
        folder=Path(source).parent if source else Path.cwd(),
        values=values,
        copies=copies,
    )


def _record(typed: Input) -> Record:
    """The trial whose setting is meant: the one that was named, else the best."""
    result = typed.result
    assert result is not None, "What a store has is a result. This is a bug."
    title, _, trial = typed.name.rpartition(":")
    named = [one for one in result.records if trial in (str(one.id), one.name)]
    if title and typed.name != result.experiment.name and named:
        return named[0]
    if result.best is None:
        raise RunError(
            f"`{typed.name}` has no trial with a value, so there is no setting to train on other "
            "splits. Run it first."
        )
    return result.best


def _refuse(result: Result, record: Record) -> None:
    """Refuses a setting that cannot be trained on other splits."""
    from ..experiment.methods import SEARCHES
    from ..experiment.validation.configurations import SPLIT_SEED

    experiment = result.experiment
    elsewhere = SEARCHES[experiment.search].trained_elsewhere
    if elsewhere or experiment.train is None:
        raise RunError(
            f"`{experiment.name}` has no training code here, for it was imported or ran from "
            "Python, so it cannot be trained on other splits."
        )
    if experiment.is_of_splits:
        raise RunError(
            f"`{experiment.name}` is trained on other splits itself. Name the experiment whose "
            f"setting it trains: `{experiment.parent}`."
        )
    if SPLIT_SEED in record.setting:
        raise RunError(
            f"`{experiment.name}` has a hyperparameter `{SPLIT_SEED}`, the name by which Etude "
            "hands over a split. Give yours another name, and run it under a new one."
        )
    if record.parent is not None:
        raise RunError(
            f"Trial {record.id} of `{experiment.name}` was forked from trial {record.parent}, so "
            "its setting alone does not say how it was trained. Name another trial."
        )


def _retrained(typed: Input, record: Record) -> tuple[tuple[float, ...], bool]:
    """The values of the setting's trainings with other seeds, and whether they are copies."""
    from ..analyze.comparison.retrainings import retrainings

    result = typed.result
    assert result is not None, "What a store has is a result. This is a bug."
    own = typed.retrainings
    values, copies = (list(own.values), own.copies) if own else ([], False)
    for again in result.retrainings:
        if again.experiment.max_steps != result.experiment.max_steps:
            continue
        same = [one for one in again.records if one.ended and one.setting == record.setting]
        known = same and retrainings(_studies(again.experiment), again.records, same[0].id, name="")
        if known:
            values += known.values
            copies = copies or known.copies
    return tuple(values), copies


def _studies(experiment: Experiment) -> Sequence[Any]:
    from ..design.studies import studies

    return studies(experiment)


def divider(side: Side) -> Divider:
    """Who divides the data: a function of the user's, a workload's own `split`, or Etude."""
    from ..runner.workload_source import names_workload, workload_members

    if not names_workload(side.experiment.train, side.folder):
        return "function"
    members = workload_members(side.experiment.train, side.folder)
    return "workload" if "split" in members else "etude"
