"""The reader of Optuna: a SQLite file of versions 2.4 to 5, or a journal of versions 3 to 5.

Nothing of Optuna is imported, and nothing in a file is run.

How values get their names:

- A study with one objective gives it the name of the requested metric, whatever its name there.
- Of several objectives each has the name that the study gives it (`metric_names`), or
  `objective_0`, `objective_1`, ...; the requested metric must be one of them, and the
  study's direction is that objective's. `--rename objective_1=valid/error` gives one another name.
- Where in most completed trials the returned value is, exactly, one that the trial reported, the
  two are one quantity: all reported values stand under the requested metric at their steps. The
  same holds where no completed trial tells, because Optuna itself takes them so when it prunes. A
  returned value that was never reported stands at the trial's last step, behind the reported one.
- Otherwise reported values stand under `intermediate`, and the returned one alone under the metric,
  at the trial's last step (0 where nothing was reported). A pruned trial returned nothing: Optuna
  repeats its last report as its value, and that is no second value.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from ...errors import ImportFileError
from ...space import Domain, Scalar
from ...wording import join
from .. import renaming
from ..base import MAX_NAMED, ReadRequest, Row, SourceStatus, SourceStudy, SourceTrial
from ..parsing import files
from . import journal, space, sqlite
from .space import Distribution
from .studies import StoredStudy, StoredTrial

STATUSES: dict[str, SourceStatus] = {
    "RUNNING": "running",
    "COMPLETE": "completed",
    "PRUNED": "stopped",
    "FAIL": "failed",
}
INTERMEDIATE = "intermediate"


@final
@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of values here; None for those that are left out.

    Args:
        objectives: The names of returned values, by the position of the objective.
        intermediate: The name of intermediate values.
        is_one_quantity: Whether intermediate and returned values are one quantity.
    """

    objectives: tuple[str | None, ...]
    intermediate: str | None
    is_one_quantity: bool


def read(source: Path, request: ReadRequest) -> list[SourceStudy]:
    """Every study of a database or a journal, or the requested one.

    Raises:
        ImportFileError: for a file that is neither, and for a metric that is no objective.
    """
    studies = _stored_studies(source)
    requested = [study for study in studies if request.study in ("", study.name)]
    if not requested:
        names = ", ".join(f"`{study.name}`" for study in studies[:MAX_NAMED]) or "none"
        wanted = f"no study `{request.study}`" if request.study else "no study"
        raise ImportFileError(f"`{source}` holds {wanted}. Studies in it: {names}.")
    refused: list[str] = []
    read_studies = []
    for study in requested:
        try:
            read_studies.append(_study(study, source, request))
        except ImportFileError as error:
            refused.append(str(error))
    if refused:
        raise ImportFileError("\n".join([*refused, *_ways_out(read_studies)]))
    return read_studies


def _ways_out(readable: Sequence[SourceStudy]) -> list[str]:
    """What to type for the studies beside those that are refused."""
    if not readable:
        return []
    names = join([f"`{files.clean(study.name)}`" for study in readable], most=MAX_NAMED)
    them = f"Study {names} has" if len(readable) == 1 else f"Studies {names} have"
    option = shlex.quote(files.clean(readable[0].name))
    return [f"{them} what you ask for: `--study {option}` imports that study alone."]


def _stored_studies(source: Path) -> list[StoredStudy]:
    if not source.is_file():
        raise ImportFileError(
            f"`{source}` is no file. Name the SQLite file or the journal file that Optuna wrote."
        )
    start = files.start(source, len(files.SQLITE_HEADER))
    if start == files.SQLITE_HEADER:
        return sqlite.studies(source)
    if start.lstrip()[:1] == b"{":
        return journal.studies(source)
    raise ImportFileError(
        f"`{source}` is neither a SQLite database nor a journal of Optuna: it begins with "
        f"{start!r}. Name the file that Optuna's storage wrote."
    )


def _study(stored: StoredStudy, source: Path, request: ReadRequest) -> SourceStudy:
    names = _value_names(stored, source, request)
    distributions = _distributions(stored)
    waiting_trials = [trial for trial in stored.trials if trial.state == "WAITING"]
    begun_trials = [trial for trial in stored.trials if trial.state != "WAITING"]
    left_out = [*stored.left_out, *_messages(stored, begun_trials, names)]
    if waiting_trials:
        left_out.append(f"{_trial_numbers(waiting_trials)} had not begun; left out.")
    trials = []
    for trial in begun_trials:
        setting, messages = _setting(trial, distributions)
        left_out += messages
        trials.append(_trial(trial, setting))
    source_study = renaming.source_study(stored.name, trials, left_out, request)
    domains, domain_messages = _domains(stored, distributions, request)
    names_present = {name for trial in source_study.trials for name in trial.setting}
    pairs = zip(source_study.trials, begun_trials, strict=True)
    return replace(
        source_study,
        trials=tuple(
            replace(source_trial, rows=_rows(trial, names)) for source_trial, trial in pairs
        ),
        domains={name: domain for name, domain in domains.items() if name in names_present},
        maximize=_maximize(stored, names, request),
        left_out=(*source_study.left_out, *domain_messages),
    )


def _trial(trial: StoredTrial, setting: dict[str, Scalar]) -> SourceTrial:
    return SourceTrial(
        name=str(trial.number),
        setting=setting,
        status=STATUSES.get(trial.state, "unknown"),
        detail="" if trial.state in STATUSES else f"Optuna's state {trial.state}",
        wall_s=trial.wall_s,
    )


# --- names and values


def _value_names(study: StoredStudy, source: Path, request: ReadRequest) -> Names:
    intermediate = renaming.local_name(INTERMEDIATE, request)
    if len(study.directions) <= 1:
        return Names(
            objectives=(request.metric,),
            intermediate=intermediate,
            is_one_quantity=_is_one_quantity(study),
        )
    metric_names = dict(enumerate(study.objectives))
    objective_names = [
        metric_names.get(position, f"objective_{position}")
        for position in range(len(study.directions))
    ]
    objectives = tuple(renaming.local_name(name, request) for name in objective_names)
    if objectives.count(request.metric) != 1:
        names = ", ".join(f"`{name}`" for name in objective_names)
        raise ImportFileError(
            f"Study `{study.name}` of `{source}` has {len(objective_names)} objectives, {names}, "
            f"and `{request.metric}` is not one of them. Say which with `--metric`, or rename one: "
            f"`--rename {objective_names[0]}={request.metric}`."
        )
    return Names(objectives=objectives, intermediate=intermediate, is_one_quantity=False)


def _is_one_quantity(study: StoredStudy) -> bool:
    """Whether trials return what they report; assumed where no trial can tell."""
    telling_trials = [
        trial
        for trial in study.trials
        if trial.state == "COMPLETE"
        and trial.values.get(0) is not None
        and trial.intermediate_values
    ]
    repeats = sum(_reports(trial, trial.values[0]) for trial in telling_trials)
    return 2 * repeats > len(telling_trials) or not telling_trials


def _reports(trial: StoredTrial, value: float) -> bool:
    return any(_is_same(value, reported) for _, reported in trial.intermediate_values)


def _is_same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


def _rows(trial: StoredTrial, names: Names) -> tuple[Row, ...]:
    intermediate_name = names.objectives[0] if names.is_one_quantity else names.intermediate
    rows: list[Row] = []
    if intermediate_name is not None:
        rows += [(step, intermediate_name, value) for step, value in trial.intermediate_values]
    last_step = max((step for step, _ in trial.intermediate_values), default=0)
    for position, value in sorted(trial.values.items()):
        name = (
            names.objectives[position]
            if position < len(names.objectives)
            else f"objective_{position}"
        )
        if name is not None and not _is_repeated(trial, value, names):
            rows.append((last_step, name, value))
    return tuple(rows)


def _is_repeated(trial: StoredTrial, value: float, names: Names) -> bool:
    """Whether the returned value only repeats a reported one."""
    if names.is_one_quantity:
        return _reports(trial, value)
    return (
        trial.state == "PRUNED"
        and bool(trial.intermediate_values)
        and _is_same(value, trial.intermediate_values[-1][1])
    )


def _maximize(study: StoredStudy, names: Names, request: ReadRequest) -> bool | None:
    if not study.directions:
        return None
    direction = study.directions[names.objectives.index(request.metric)]
    return {"MINIMIZE": False, "MAXIMIZE": True}.get(direction)


# --- settings


def _distributions(study: StoredStudy) -> dict[str, Distribution | None]:
    """The distributions by their JSON text, which many trials share."""
    texts = {text for trial in study.trials for _, text in trial.parameters.values()}
    return {text: space.parsed_distribution(text) for text in texts}


def _setting(
    trial: StoredTrial, distributions: dict[str, Distribution | None]
) -> tuple[dict[str, Scalar], list[str]]:
    setting: dict[str, Scalar] = {}
    messages = []
    for name, (number, text) in trial.parameters.items():
        distribution = distributions[text]
        value = None if distribution is None else space.value(distribution, number)
        if value is None:
            messages.append(f"Trial {trial.number}: the value of `{name}` cannot be read.")
        else:
            setting[name] = value
    return setting, messages


def _domains(
    study: StoredStudy, distributions: dict[str, Distribution | None], request: ReadRequest
) -> tuple[dict[str, Domain], list[str]]:
    distributions_of: dict[str, dict[str, Distribution]] = {}
    for trial in study.trials:
        for name, (_, text) in trial.parameters.items():
            local, distribution = renaming.local_name(name, request), distributions[text]
            if local is not None and distribution is not None:
                distributions_of.setdefault(local, {})[text] = distribution
    domains = {}
    left_out = []
    for name, own_distributions in distributions_of.items():
        domain, messages = space.merged_domain(name, own_distributions.values())
        left_out += messages
        if domain is not None:
            domains[name] = domain
    return domains, left_out


# --- messages


def _messages(study: StoredStudy, trials: Sequence[StoredTrial], names: Names) -> list[str]:
    messages = []
    attributes = sorted({key for trial in study.trials for key in trial.user_attributes})
    if attributes:
        keys = join([f"`{key}`" for key in attributes], most=MAX_NAMED)
        messages.append(
            f"What trials noted about themselves (user attributes) stays there: {keys}."
        )
    unreported = [
        trial
        for trial in trials
        if trial.intermediate_values
        and trial.state == "COMPLETE"
        and 0 in trial.values
        and not _reports(trial, trial.values[0])
    ]
    if names.is_one_quantity and unreported:
        messages.append(
            f"{_trial_numbers(unreported)} returned a value that was never reported; it stands at "
            "the last step, behind the reported one."
        )
    return messages


def _trial_numbers(trials: Sequence[StoredTrial]) -> str:
    numbers = join([str(trial.number) for trial in trials], most=MAX_NAMED)
    return f"Trial {numbers}" if len(trials) == 1 else f"Trials {numbers}"
