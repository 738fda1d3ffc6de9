"""Studies of another tool as one experiment: its file, its studies, and the trials of each."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, final

from ...errors import ExperimentError, ImportFileError
from ...experiment import Experiment, toml
from ...experiment.change import Change
from ...experiment.hyperparameter import Condition, Hyperparameter
from ...experiment.toml.edit import Edit, edited
from ...experiment.validation import MAX_EVALUATIONS
from ...space import Choice, Space, value_text
from ...study import Study
from ...wording import did_you_mean
from ..base import SourceStudy, SourceTrial
from .given_space import fitted, written
from .inferred_space import infer_space
from .trials import updates

Direction = Literal["maximize", "minimize"]
# No study has this name: those of an experiment are `all` or `NAME=VALUE`.
NOWHERE = "no setting"
# Why something stays apart from a space that a person wrote: they chose so.
UNNAMED = "the space does not name it"
# Heuristic: enough names to find the one that was meant.
MAX_NAMED = 30


@final
@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the person asked for.

    Args:
        name: Of the experiment.
        metric: As it is called here, after renaming.
        maximize: True where it was said; a direction that the source states needs no word.
        space: The file with the space; None for what the source states and the values show.
    """

    name: str
    metric: str
    maximize: bool = False
    space: Path | None = None


@final
@dataclass(frozen=True, kw_only=True)
class Assembled:
    """What goes into the store, and what is to be said about it.

    Args:
        text: The experiment file.
        studies: Each with its trials.
        apart: What stays in the settings but in no space, each with the reason.
        left_out: What could not be read, one sentence each.
    """

    experiment: Experiment
    text: str
    studies: tuple[tuple[Study, tuple[SourceTrial, ...]], ...]
    apart: Mapping[str, str]
    left_out: tuple[str, ...]


def assembled(studies: Sequence[SourceStudy], asked: Asked) -> Assembled:
    """One experiment of all the studies; of several, the scientific `study` says which.

    Raises:
        ImportFileError: with every mistake at once: the metric is not there, the direction is
            another, no trial is there, the space does not fit.
        ExperimentError: for a space file with mistakes.
    """
    filled = [one for one in studies if one.trials]
    trials = [trial for one in filled for trial in one.trials]
    found = [*_metric_missing(trials, asked.metric), *_against(filled, asked)]
    if not trials:
        found = ["The source holds no trial. Is it the right one?"]
    if found:
        raise ImportFileError("\n".join(found))
    bare = _bare(trials)
    joined, column = _joined([each for one in filled if (each := _without(one, bare)).trials])
    known = _known(filled, asked)
    if asked.space is not None:
        text, apart = written(asked.space, known), dict[str, str]()
    else:
        text, apart = _guessed(joined, column, known)
    experiment = toml.loads(text, name=asked.name)
    placed = fitted(experiment, [trial for one in joined for trial in one.trials])
    if asked.space is not None:
        apart = _beside(experiment, trials)
    most = max(len(mine) for _, mine in placed)
    if bare:
        placed.append((_nowhere(placed[0][0]), bare))
    return _with_trials(
        most if experiment.studies == "split" else len(trials),
        Assembled(
            experiment=experiment,
            text=text,
            studies=tuple((study, tuple(mine)) for study, mine in placed),
            apart=apart,
            left_out=(*_left_out(studies), *_untold(bare)),
        ),
    )


# --- what may be wrong with what was asked for


def _metric_missing(trials: Iterable[SourceTrial], metric: str) -> list[str]:
    counts = Counter(name for trial in trials for name in {name for _, name, _ in trial.rows})
    if metric in counts:
        return []
    names = [name for name, _ in counts.most_common()]
    if not names:
        return [f"No trial has a value of `{metric}`, nor of any other metric."]
    near = did_you_mean(metric, names[:MAX_NAMED])
    listed = ", ".join(f"`{name}`" for name in names[:MAX_NAMED])
    more = f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
    also = f" There are: {listed}{more}." if near.startswith("Did") else more
    return [f"No trial has a value of `{metric}`. {near}{also}"]


def _against(studies: Sequence[SourceStudy], asked: Asked) -> list[str]:
    """Directions that contradict what was asked, or each other."""
    names: dict[bool, list[str]] = {True: [], False: []}
    for one in studies:
        if one.maximize is not None:
            names[one.maximize].append(one.name)
    up, down = (", ".join(f"`{name}`" for name in names[way]) for way in (True, False))
    if up and down:
        return [
            f"The source has studies of both directions: {up} maximize, {down} minimize. One "
            "experiment has one direction: choose a study with --study."
        ]
    if asked.maximize and down:
        return [f"{down} minimizes, and --maximize says otherwise. Leave --maximize out."]
    return []


# --- from studies to an experiment


def _joined(studies: Sequence[SourceStudy]) -> tuple[list[SourceStudy], str]:
    """The studies, and the hyperparameter that says of which a trial is; none for a single one."""
    if len(studies) == 1:
        return list(studies), ""
    taken = {name for one in studies for trial in one.trials for name in trial.setting}
    column = "study" if "study" not in taken else "imported_study"
    return [
        replace(
            one,
            trials=tuple(
                replace(trial, setting={**trial.setting, column: one.name}) for trial in one.trials
            ),
        )
        for one in studies
    ], column


def _bare(trials: Sequence[SourceTrial]) -> list[SourceTrial]:
    """Trials that ended before they told a value, or even the setting that others tell."""
    if not any(trial.setting for trial in trials):
        return []
    return [trial for trial in trials if not trial.setting and not trial.rows]


def _without(study: SourceStudy, bare: Sequence[SourceTrial]) -> SourceStudy:
    gone = {id(trial) for trial in bare}
    return replace(study, trials=tuple(one for one in study.trials if id(one) not in gone))


def _nowhere(study: Study) -> Study:
    """What trials without a setting are kept under: no study of the experiment, so no check."""
    return replace(
        study, name=NOWHERE, scientific={}, fixed={}, space=Space({}), merged=(), observed=()
    )


def _untold(bare: Sequence[SourceTrial]) -> Iterable[str]:
    if bare:
        yield (
            f"Trials that have neither a setting nor a value: {len(bare):,}, the first "
            f"`{bare[0].name}`. They are kept under `{NOWHERE}`, where no check looks at them."
        )


def _known(studies: Sequence[SourceStudy], asked: Asked) -> dict[str, Any]:
    """The keys of `[experiment]` that the import knows."""
    trials = [trial for one in studies for trial in one.trials]
    counts = [
        len({step for step, name, _ in trial.rows if name == asked.metric}) for trial in trials
    ]
    typical = int(statistics.median([count for count in counts if count]))
    stated = max((one.max_steps or 1 for one in studies), default=1)
    done = max(updates(trial.rows) for trial in trials)
    # Where the first value stands at step 0 and the last at the length, steps count from 1.
    length = stated if done <= stated + 1 else done
    maximize = asked.maximize or any(one.maximize for one in studies)
    return {
        "name": asked.name,
        "metric": asked.metric,
        "max_steps": length,
        "trials": len(trials),
        **({"maximize": True} if maximize else {}),
        "evaluations": min(max(typical, 1), MAX_EVALUATIONS),
        "search": "imported",
    }


def _guessed(
    studies: Sequence[SourceStudy], column: str, known: Mapping[str, Any]
) -> tuple[str, dict[str, str]]:
    """The experiment's text with roles and bounds from the studies, and what stays apart."""
    found: list[Hyperparameter] = []
    observed: set[str] = set()
    apart: dict[str, str] = {}
    if column:
        names = Choice([one.name for one in studies])
        found.append(Hyperparameter(column, "scientific", names))
    for one in studies:
        when: Condition = ((column, value_text(one.name)),) if column else ()
        bare = [
            replace(trial, setting={k: v for k, v in trial.setting.items() if k != column})
            for trial in one.trials
        ]
        known_here = infer_space(bare, one.domains, when)
        found += known_here.hyperparameters
        observed |= known_here.observed
        apart |= known_here.apart
    try:
        experiment = Experiment(**known, observed=tuple(sorted(observed)), **_members(found))
    except ExperimentError as error:
        raise ImportFileError(f"{error}") from error
    return toml.dumps(experiment), apart


def _members(found: Iterable[Hyperparameter]) -> dict[str, Any]:
    """The tables of an experiment that hold these hyperparameters."""
    roles: dict[str, dict[str, Any]] = {}
    for one in found:
        table = roles.setdefault(one.role, {})
        for name, text in one.when:
            table = table.setdefault("when", {}).setdefault(name, {}).setdefault(text, {})
        table[one.name] = one.value
    return roles


def _beside(experiment: Experiment, trials: Iterable[SourceTrial]) -> dict[str, str]:
    """What the trials have and a written space does not name."""
    named = {one.name for one in experiment.hyperparameters}
    names = {name for trial in trials for name in trial.setting} - named
    return dict.fromkeys(sorted(names), UNNAMED)


def _with_trials(most: int, whole: Assembled) -> Assembled:
    """The same with as many trials a study as the largest has."""
    edit = Edit(Change(("experiment", "trials"), "", most))
    return dataclasses.replace(
        whole,
        text=edited(whole.text, [edit]),
        experiment=replace(whole.experiment, trials=most),
        studies=tuple((replace(study, max_trials=most), mine) for study, mine in whole.studies),
    )


def _left_out(studies: Sequence[SourceStudy]) -> Iterable[str]:
    for one in studies:
        yield from one.left_out
        if not one.trials:
            yield f"Study `{one.name}` has no trials."
