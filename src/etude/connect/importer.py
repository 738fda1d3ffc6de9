"""Results of another tool into a store, where every command finds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from ..errors import ImportFileError, InputError
from ..event import Began, Event, Logged
from ..experiment import Experiment
from ..experiment.entry import Entry
from ..experiment.validation import mistakes
from ..move import Start
from ..record import UNKNOWN_SEED, Record
from ..round.provenance import launch
from ..space import is_number
from ..store.base import Store
from ..wording import nearest
from . import csv, detection, reader
from .assembly.assemble import UNNAMED, Asked, Assembled, assembled
from .assembly.sanitize import sanitize
from .assembly.trials import ending
from .base import SourceStudy, SourceTrial, Wanted
from .parsing import files

# Beside the csv files: the space that they were taken from.
SPACE = "space.toml"
# Heuristic: what fewer than half of the trials have belongs to them, and is not missed.
MOSTLY = 0.5
# What a column may be renamed to so that a reader takes it for this, and no name is left of it.
READ_AS = frozenset((*csv.KNOWN, "step"))


@final
@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """What an import brought.

    Args:
        trials: How many trials each study has, by its name.
        statuses: How many stand how, `infeasible (nan)` with the reason.
        metrics: How many points each metric has, most first.
        without_metric: How many completed trials have no value of the metric: missing, no failure.
        apart: What stays in the settings but in no space, each with the reason.
        left_out: What could not be read, one sentence each.
        unseen: What is apart only because some trials lack it: how many have it. No check sees it.
    """

    experiment: Experiment
    trials: Mapping[str, int]
    statuses: Mapping[str, int]
    metrics: Mapping[str, int]
    without_metric: int
    apart: Mapping[str, str]
    left_out: tuple[str, ...]
    unseen: Mapping[str, int]


def import_results(
    kind: str, source: Path, asked: Asked, wanted: Wanted, *, store: Store
) -> ImportSummary:
    """Reads what another tool wrote, and keeps it as an experiment of its own.

    Killed anywhere and started again, it goes on: nothing is there twice.

    Raises:
        ImportFileError: with every mistake that can be found.
        ExperimentError: for a space with mistakes.
        StoreError: where the store cannot be written.
    """
    whole = _assembled(kind, source, asked, wanted, store=store)
    head = f"# The trials are those of {files.clean(str(source))} ({kind}), by `etude import`."
    told = (*whole.left_out, *_unmet(whole, wanted))
    whole = replace(whole, text=f"{head}\n{whole.text}", left_out=told)
    name = asked.name
    origin = launch(None)  # of this command: what trained them is not here
    with store.own(name):
        _refuse_known(store, whole)
        store.begin(Entry(experiment=whole.experiment, text=whole.text, launches=(origin,)))
        pairs = _reserved(store, whole)
        done = [(one, record) for one, record in pairs if one.status != "running"]
        store.append(name, [event for pair in done for event in _events(*pair, asked.metric)])
    # Beyond the block: whoever lets go of an experiment takes it that nothing runs any more.
    still = [(one, record) for one, record in pairs if one.status == "running"]
    if still:
        store.append(name, [event for pair in still for event in _events(*pair, asked.metric)])
    return _arrived(whole, list(store.records(name)))


def _assembled(kind: str, source: Path, asked: Asked, wanted: Wanted, *, store: Store) -> Assembled:
    """What is to be kept; what is wrong with the name is told along with what is in the source."""
    wrong = [one.message for one in mistakes({"name": asked.name}) if "name" in one.where]
    found = [f"--name {message}" for message in wrong]
    known = [entry for entry in store.entries() if entry.experiment.name == asked.name]
    if known and not _is_begun(store, asked.name):
        found.append(_taken(asked.name))
    whole = None
    try:
        studies = sanitize(_read(kind, source, wanted))
        if asked.space is None and kind == "csv" and (source / SPACE).exists():
            asked = replace(asked, space=_space(source))
        # A name that is wrong is told above, once; what else is wrong does not depend on it.
        whole = assembled(studies, replace(asked, name="imported") if wrong else asked)
    except InputError as error:
        if not found:
            raise
        found.append(str(error))
    if found or whole is None:
        raise ImportFileError("\n".join(found))
    return whole


def _read(kind: str, source: Path, wanted: Wanted) -> list[SourceStudy]:
    detection.refuse(source)
    read = reader(kind)
    try:
        studies = read(source, wanted)
    except OSError as error:
        raise ImportFileError(
            f"`{error.filename or source}` cannot be read ({error.strerror or error})."
        ) from error
    except ImportFileError as error:
        if (other := detection.detect_kind(source)) in ("", kind):
            raise
        raise ImportFileError(f"{error} It looks like `{other}`: etude import {other}.") from error
    if wanted.study and all(one.name != wanted.study for one in studies):
        raise ImportFileError(
            f"`{source}` holds no study `{wanted.study}`: what is in it has no studies with names. "
            "Leave --study out."
        )
    return studies


def _unmet(whole: Assembled, wanted: Wanted) -> list[str]:
    """What was to be renamed or left out and is not there, most likely misspelt."""
    trials = [trial for _, mine in whole.studies for trial in mine]
    names = {name for trial in trials for name in trial.setting}
    names |= {name for trial in trials for _, name, _ in trial.rows}
    nothing = "nothing in the source has that name"
    said = [
        f"--rename {files.clean(old)}={files.clean(new)}: {nothing}."
        for old, new in wanted.renamed.items()
        if new not in names and new not in READ_AS
    ]
    for name in sorted(wanted.ignored - wanted.met):
        near = nearest(name, sorted(names))
        meant = f" Did you mean `{near}`?" if near else ""
        said.append(f"--ignore {files.clean(name)}: {nothing}.{meant}")
    return said


def _space(source: Path) -> Path:
    return files.part(source, SPACE)


def _taken(name: str) -> str:
    return (
        f"Experiment `{name}` is in this store already, and results of two do not mix. Give it "
        f"another name, for example --name {name}-2."
    )


def _is_begun(store: Store, name: str) -> bool:
    """Whether an import was begun and not ended: its trials, if any, all wait for their values."""
    entry = next(one for one in store.entries() if one.experiment.name == name)
    records = store.records(name)
    waiting = records.count("pending") == records.count()
    return entry.experiment.search == "imported" and waiting


def _refuse_known(store: Store, whole: Assembled) -> None:
    """Refuses a name that is taken meanwhile, or begun with other results."""
    name = whole.experiment.name
    known = [one for one in store.entries() if one.experiment.name == name]
    if known and not (_is_begun(store, name) and known[0].experiment == whole.experiment):
        raise ImportFileError(_taken(name))


def _reserved(store: Store, whole: Assembled) -> list[tuple[SourceTrial, Record]]:
    """Every trial with its record; those that are there already are not reserved again."""
    name = whole.experiment.name
    before = store.records(name)
    pairs: list[tuple[SourceTrial, Record]] = []
    for study, trials in whole.studies:
        there: Sequence[Record] = before.of_study(study.name)[:]
        if trials and not there:
            there = store.reserve(name, study, [_start(trial) for trial in trials])
        pairs += zip(trials, there, strict=True)
    return pairs


def _start(trial: SourceTrial) -> Start:
    seed = UNKNOWN_SEED if trial.seed is None else trial.seed
    return Start(trial.setting, name=trial.name, seed=seed)


def _events(trial: SourceTrial, record: Record, metric: str) -> list[Event]:
    ended = ending(trial, record.id, metric)
    return [
        Began(record.id, 0),
        Logged(record.id, trial.rows),
        *([ended] if ended else []),
    ]


def _arrived(whole: Assembled, records: Sequence[Record]) -> ImportSummary:
    metric = whole.experiment.metric
    statuses = Counter(
        f"{one.status} ({one.reason})" if one.reason else one.status for one in records
    )
    points = Counter(
        name for _, trials in whole.studies for trial in trials for _, name, _ in trial.rows
    )
    return ImportSummary(
        experiment=whole.experiment,
        trials={study.name: len(trials) for study, trials in whole.studies},
        statuses=dict(statuses.most_common()),
        metrics=dict(points.most_common()),
        without_metric=sum(
            one.status == "completed" and not len(one.series(metric)) for one in records
        ),
        apart=whole.apart,
        left_out=whole.left_out,
        unseen=_unseen(whole),
    )


def _unseen(whole: Assembled) -> dict[str, int]:
    """What stays apart although most trials have it, as numbers that vary."""
    trials = [trial for _, mine in whole.studies for trial in mine]
    unseen = {}
    for name in (name for name, why in whole.apart.items() if why != UNNAMED):
        values = [trial.setting[name] for trial in trials if name in trial.setting]
        mostly = len(trials) > len(values) >= MOSTLY * len(trials)
        if mostly and len(set(values)) > 1 and all(map(is_number, values)):
            unseen[name] = len(values)
    return unseen
