"""What Optuna recorded: a SQLite file of versions 2.4 to 5, or a journal file of versions 3 to 5.

Nothing of Optuna is imported, and nothing in a file is run.

How values get their names:

- A study with one objective gives it the name of the wanted metric, whatever it is called there.
- Of several objectives each has the name that the study gives it (`metric_names`), or
  `objective_0`, `objective_1`, ...; the wanted metric must be one of them, and the study's
  direction is that objective's. `--rename objective_1=valid/error` names one as you like.
- Where the returned value is among the values that a trial reported, exactly, in most completed
  trials, the two are one quantity: all reported values stand under the wanted metric at their
  steps. The same holds where no completed trial tells, for so Optuna itself takes them when it
  prunes. A returned value that was never reported stands at the trial's last step, behind the
  reported one.
- Otherwise reported values stand under `intermediate`, and the returned one alone under the metric,
  at the trial's last step (0 where nothing was reported). A pruned trial returned nothing: Optuna
  repeats its last report as its value, and that is no second value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from ...errors import ImportFileError
from ...space import Domain, Scalar
from ...wording import join
from .. import renaming
from ..base import Row, SourceStatus, SourceStudy, SourceTrial, Wanted
from . import journal, space, sqlite
from .space import Distribution
from .studies import KeptStudy, KeptTrial

STATUSES: dict[str, SourceStatus] = {
    "RUNNING": "running",
    "COMPLETE": "completed",
    "PRUNED": "stopped",
    "FAIL": "failed",
}
INTERMEDIATE = "intermediate"
# Heuristic: for people, a longer list of names or trials says no more.
MAX_NAMED = 8


@final
@dataclass(frozen=True, kw_only=True)
class Names:
    """What values are called here; None for what is left out.

    Args:
        objectives: By their position.
        reported: Intermediate values.
        one: Whether reported and returned values are one quantity.
    """

    objectives: tuple[str | None, ...]
    reported: str | None
    one: bool


def read(source: Path, wanted: Wanted) -> list[SourceStudy]:
    """Every study of a database or a journal, or the one that is wanted.

    Raises:
        ImportFileError: for a file that is neither, and a wanted metric that is no objective.
    """
    studies = _kept(source)
    found = [one for one in studies if wanted.study in ("", one.name)]
    if not found:
        there = ", ".join(f"`{one.name}`" for one in studies[:MAX_NAMED]) or "none"
        asked = f"no study `{wanted.study}`" if wanted.study else "no study"
        raise ImportFileError(f"`{source}` holds {asked}. Studies in it: {there}.")
    return [_study(one, source, wanted) for one in found]


def _kept(source: Path) -> list[KeptStudy]:
    if not source.is_file():
        raise ImportFileError(
            f"`{source}` is no file. Name the SQLite file or the journal file that Optuna wrote."
        )
    with source.open("rb") as held:
        start = held.read(len(sqlite.HEADER))
    if start == sqlite.HEADER:
        return sqlite.studies(source)
    if start.lstrip()[:1] == b"{":
        return journal.studies(source)
    raise ImportFileError(
        f"`{source}` is neither a SQLite database nor a journal of Optuna: it begins with "
        f"{start!r}. Name the file that Optuna's storage wrote."
    )


def _study(kept: KeptStudy, source: Path, wanted: Wanted) -> SourceStudy:
    names = _names(kept, source, wanted)
    known = _distributions(kept)
    waiting = [one for one in kept.trials if one.state == "WAITING"]
    others = [one for one in kept.trials if one.state != "WAITING"]
    told = [*kept.left_out, *_told(kept, others, names)]
    if waiting:
        told.append(f"{_trials(waiting)} had not begun; left out.")
    trials = []
    for one in others:
        setting, unread = _setting(one, known)
        told += unread
        trials.append(_trial(one, setting))
    study = renaming.study(kept.name, trials, told, wanted)
    domains, lost = _domains(kept, known, wanted)
    present = {name for trial in study.trials for name in trial.setting}
    named = zip(study.trials, others, strict=True)
    return replace(
        study,
        trials=tuple(replace(here, rows=_rows(one, names)) for here, one in named),
        domains={name: domain for name, domain in domains.items() if name in present},
        maximize=_maximize(kept, names, wanted),
        left_out=(*study.left_out, *lost),
    )


def _trial(one: KeptTrial, setting: dict[str, Scalar]) -> SourceTrial:
    return SourceTrial(
        name=str(one.number),
        setting=setting,
        status=STATUSES.get(one.state, "unknown"),
        detail="" if one.state in STATUSES else f"Optuna's state {one.state}",
        wall_s=one.wall_s,
    )


# --- names and values


def _names(kept: KeptStudy, source: Path, wanted: Wanted) -> Names:
    reported = renaming.here(INTERMEDIATE, wanted)
    if len(kept.directions) <= 1:
        return Names(objectives=(wanted.metric,), reported=reported, one=_one_quantity(kept))
    given = dict(enumerate(kept.objectives))
    there = [given.get(at, f"objective_{at}") for at in range(len(kept.directions))]
    objectives = tuple(renaming.here(name, wanted) for name in there)
    if objectives.count(wanted.metric) != 1:
        listed = ", ".join(f"`{name}`" for name in there)
        raise ImportFileError(
            f"Study `{kept.name}` of `{source}` has {len(there)} objectives, {listed}, and "
            f"`{wanted.metric}` is not one of them. Say which with `--metric`, or rename one: "
            f"`--rename {there[0]}={wanted.metric}`."
        )
    return Names(objectives=objectives, reported=reported, one=False)


def _one_quantity(kept: KeptStudy) -> bool:
    """Whether what trials return is what they report; so it is taken where no trial can tell."""
    telling = [
        one
        for one in kept.trials
        if one.state == "COMPLETE" and one.values.get(0) is not None and one.reported
    ]
    same = sum(_reports(one, one.values[0]) for one in telling)
    return 2 * same > len(telling) or not telling


def _reports(one: KeptTrial, value: float) -> bool:
    return any(_same(value, reported) for _, reported in one.reported)


def _same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


def _rows(one: KeptTrial, names: Names) -> tuple[Row, ...]:
    reported = names.objectives[0] if names.one else names.reported
    rows: list[Row] = []
    if reported is not None:
        rows += [(step, reported, value) for step, value in one.reported]
    last = max((step for step, _ in one.reported), default=0)
    for at, value in sorted(one.values.items()):
        name = names.objectives[at] if at < len(names.objectives) else f"objective_{at}"
        if name is not None and not _repeated(one, value, names):
            rows.append((last, name, value))
    return tuple(rows)


def _repeated(one: KeptTrial, value: float, names: Names) -> bool:
    """Whether the value says nothing that the reported ones do not."""
    if names.one:
        return _reports(one, value)
    return one.state == "PRUNED" and bool(one.reported) and _same(value, one.reported[-1][1])


def _maximize(kept: KeptStudy, names: Names, wanted: Wanted) -> bool | None:
    if not kept.directions:
        return None
    direction = kept.directions[names.objectives.index(wanted.metric)]
    return {"MINIMIZE": False, "MAXIMIZE": True}.get(direction)


# --- settings


def _distributions(kept: KeptStudy) -> dict[str, Distribution | None]:
    """By their JSON text: many trials share one."""
    texts = {text for one in kept.trials for _, text in one.parameters.values()}
    return {text: space.parsed(text) for text in texts}


def _setting(
    one: KeptTrial, known: dict[str, Distribution | None]
) -> tuple[dict[str, Scalar], list[str]]:
    setting: dict[str, Scalar] = {}
    unread = []
    for name, (number, text) in one.parameters.items():
        distribution = known[text]
        value = None if distribution is None else space.value(distribution, number)
        if value is None:
            unread.append(f"Trial {one.number}: the value of `{name}` cannot be read.")
        else:
            setting[name] = value
    return setting, unread


def _domains(
    kept: KeptStudy, known: dict[str, Distribution | None], wanted: Wanted
) -> tuple[dict[str, Domain], list[str]]:
    seen: dict[str, dict[str, Distribution]] = {}
    for one in kept.trials:
        for name, (_, text) in one.parameters.items():
            here, distribution = renaming.here(name, wanted), known[text]
            if here is not None and distribution is not None:
                seen.setdefault(here, {})[text] = distribution
    domains = {}
    told = []
    for name, found in seen.items():
        domain, lost = space.domain(name, found.values())
        told += lost
        if domain is not None:
            domains[name] = domain
    return domains, told


# --- what is told


def _told(kept: KeptStudy, trials: Sequence[KeptTrial], names: Names) -> list[str]:
    told = []
    notes = sorted({note for one in kept.trials for note in one.notes})
    if notes:
        listed = join([f"`{note}`" for note in notes], most=MAX_NAMED)
        told.append(f"What trials noted about themselves (user attributes) stays there: {listed}.")
    apart = [
        one
        for one in trials
        if one.reported
        and one.state == "COMPLETE"
        and 0 in one.values
        and not _reports(one, one.values[0])
    ]
    if names.one and apart:
        told.append(
            f"{_trials(apart)} returned a value that was never reported; it stands at the last "
            "step, behind the reported one."
        )
    return told


def _trials(trials: Sequence[KeptTrial]) -> str:
    numbers = join([str(one.number) for one in trials], most=MAX_NAMED)
    return f"Trial {numbers}" if len(trials) == 1 else f"Trials {numbers}"
