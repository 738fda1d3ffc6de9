"""The import: results of another tool go into a store, where every command finds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from ..design.known_names import taken_for
from ..errors import ImportFileError, InputError
from ..event import Began, Event, Logged
from ..experiment import Experiment
from ..experiment.change import Change
from ..experiment.entry import Entry
from ..experiment.toml.edit import Edit, edited
from ..experiment.validation import mistakes
from ..move import Start
from ..playbook.catalogue import entry_names
from ..playbook.metrics import METRICS
from ..record import UNKNOWN_SEED, Record
from ..round.provenance import launch
from ..space import is_number
from ..store.base import Store
from ..wording import nearest
from . import csv, detection, reader
from .assembly.assemble import UNNAMED, ImportedExperiment, Target, assemble
from .assembly.given_space import names_in_space
from .assembly.repeated import difference, is_whole
from .assembly.sanitize import sanitize
from .assembly.trials import trial_end
from .base import ReadRequest, SourceStudy, SourceTrial
from .parsing import files

# The file beside the csv files that states the space of their settings.
SPACE = "space.toml"
# Heuristic: what fewer than half of the trials have belongs to them; the others do not lack it.
MIN_SHARE = 0.5
# Names that a reader takes out of the setting, so that a column renamed to one is not found there.
SPECIAL_NAMES = frozenset((*csv.KNOWN_COLUMNS, "step"))


@final
@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """What came with an import.

    Args:
        trials: The number of trials of each study, by its name.
        statuses: The number of trials of each status, `infeasible (nan)` with the reason.
        metrics: The number of points of each metric, most first.
        without_metric: The number of completed trials without a value of the metric: no failure.
        apart: Names that stay in the settings but in no space, with the reasons.
        left_out: What could not be read, one sentence each.
        unseen: Names that are apart only because some trials lack them, with the number of trials
            that have them. No check sees them.
        source_studies: The studies of the source, where it has several.
        taken_for: Names that are taken for known ones, by those.
        warnings: What speaks against how the trials will be judged, one sentence each.
        is_repeated: Whether these results were in the store already, so that nothing was written.
    """

    experiment: Experiment
    trials: Mapping[str, int]
    statuses: Mapping[str, int]
    metrics: Mapping[str, int]
    without_metric: int
    apart: Mapping[str, str]
    left_out: tuple[str, ...]
    unseen: Mapping[str, int]
    source_studies: tuple[str, ...]
    taken_for: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    is_repeated: bool = False


def import_results(
    kind: str, source: Path, target: Target, request: ReadRequest, *, store: Store
) -> ImportSummary:
    """Reads what another tool wrote, and stores it as an experiment of its own.

    An import that was killed anywhere goes on when it is started again: nothing is stored twice.
    One that came to its end says so when it is started again with the same results.

    Raises:
        ImportFileError: with every mistake that can be found.
        ExperimentError: for a space with mistakes.
        StoreError: where the store cannot be written.
    """
    imported = _imported(kind, source, target, request, store=store)
    imported = _with_names(imported, request)
    head = f"# The trials are those of {files.clean(str(source))} ({kind}), by `etude import`."
    left_out = (*imported.left_out, *_unmatched_names(imported, request))
    imported = replace(imported, text=f"{head}\n{imported.text}", left_out=left_out)
    name = target.name
    if _refuse_other(store, imported) and is_whole(imported, store.records(name)):
        return replace(_summary(imported, list(store.records(name))), is_repeated=True)
    origin = launch(None)  # of this command: what trained the trials is not here
    with store.own(name):
        _refuse_other(store, imported)  # it may have come meanwhile
        store.begin(Entry(experiment=imported.experiment, text=imported.text, launches=(origin,)))
        pairs = [pair for pair in _reserve(store, imported) if pair[1].status == "pending"]
        ended = [(trial, record) for trial, record in pairs if trial.status != "running"]
        store.append(name, [event for pair in ended for event in _events(*pair, target.metric)])
    # After the block: a store that is released takes it that nothing runs any more.
    running = [(trial, record) for trial, record in pairs if trial.status == "running"]
    if running:
        store.append(name, [event for pair in running for event in _events(*pair, target.metric)])
    return _summary(imported, list(store.records(name)))


def _imported(
    kind: str, source: Path, target: Target, request: ReadRequest, *, store: Store
) -> ImportedExperiment:
    """The experiment to be stored; mistakes in its name are told together with the source's."""
    name_mistakes = [
        mistake.message for mistake in mistakes({"name": target.name}) if "name" in mistake.where
    ]
    messages = [f"--name {message}" for message in name_mistakes]
    is_known = any(entry.experiment.name == target.name for entry in store.entries())
    taken = [_name_taken(target.name)] if is_known and not _is_begun(store, target.name) else []
    imported = None
    try:
        if target.space is not None:
            request = replace(request, setting_names=names_in_space(target.space))
        studies = sanitize(_read(kind, source, request))
        folder = csv.folder_of(source)
        if target.space is None and kind == "csv" and (folder / SPACE).exists():
            target = replace(target, space=files.file_in(folder, SPACE))
        # A wrong name is told above, once; the other mistakes do not depend on it.
        imported = assemble(studies, replace(target, name="imported") if name_mistakes else target)
    except InputError as error:
        messages += taken  # what cannot be read is not what the store has
        if not messages:
            raise
        messages.append(str(error))
    if messages or imported is None:
        raise ImportFileError("\n".join(messages))
    return imported


def _with_names(imported: ImportedExperiment, request: ReadRequest) -> ImportedExperiment:
    """The experiment with what --rename said of names that the playbook knows, in [names]."""
    own = {one.name for one in imported.experiment.hyperparameters}
    known = {*METRICS, *(own & set(entry_names()))}
    kept = {new: old for old, new in request.renames.items() if new in known and old not in own}
    names = {old: new for new, old in kept.items()}
    return replace(
        imported,
        text=edited(
            imported.text, [Edit(Change(("names", old), "", new)) for old, new in names.items()]
        ),
        experiment=replace(imported.experiment, names={**imported.experiment.names, **names}),
        studies=tuple(
            (replace(study, names={**study.names, **names}), trials)
            for study, trials in imported.studies
        ),
    )


def _read(kind: str, source: Path, request: ReadRequest) -> list[SourceStudy]:
    with _read_errors(source):
        detection.refuse_unsupported(source)
    try:
        with _read_errors(source):
            studies = reader(kind)(source, request)
    except ImportFileError as error:
        if not (message := detection.other_kind_message(source, kind)):
            raise
        raise ImportFileError(f"{error} {message}") from error
    if request.study and all(study.name != request.study for study in studies):
        raise ImportFileError(
            f"`{source}` holds no study `{request.study}`: what is in it has no studies with "
            "names. Leave --study out."
        )
    return studies


@contextmanager
def _read_errors(source: Path) -> Iterator[None]:
    """Turns what the file system says into an error with the file that it says it of."""
    try:
        yield
    except OSError as error:
        raise ImportFileError(
            f"`{error.filename or source}` cannot be read ({error.strerror or error})."
        ) from error
    except UnicodeDecodeError as error:  # a damaged database speaks of itself in damaged text
        raise ImportFileError(
            f"`{source}` is damaged: its text is no UTF-8 ({error.reason}). Is it the right file?"
        ) from error


def _unmatched_names(imported: ImportedExperiment, request: ReadRequest) -> list[str]:
    """Messages of names to be renamed or left out that the source does not have."""
    trials = [trial for _, trials in imported.studies for trial in trials]
    names = {name for trial in trials for name in trial.setting}
    names |= {name for trial in trials for _, name, _ in trial.rows}
    nothing = "nothing in the source has that name"
    messages = [
        f"--rename {files.clean(old)}={files.clean(new)}: {nothing}."
        for old, new in request.renames.items()
        if new not in names and new not in SPECIAL_NAMES
    ]
    for name in sorted(request.ignored_names - request.names_met):
        near_name = nearest(name, sorted(names))
        suggestion = f" Did you mean `{near_name}`?" if near_name else ""
        messages.append(f"--ignore {files.clean(name)}: {nothing}.{suggestion}")
    return messages


def _name_taken(name: str, why: str = "") -> str:
    reason = why or "results of two do not mix"
    return (
        f"Experiment `{name}` is in this store already, and {reason}. Give it another name, for "
        f"example --name {name}-2."
    )


def _is_begun(store: Store, name: str) -> bool:
    """Whether an import was begun and not ended: its trials, if any, all wait for their values."""
    entry = next(entry for entry in store.entries() if entry.experiment.name == name)
    records = store.records(name)
    all_pending = records.count("pending") == records.count()
    return entry.experiment.search == "imported" and all_pending


def _refuse_other(store: Store, imported: ImportedExperiment) -> bool:
    """Whether the store has these results, or some of them; refuses others of the same name."""
    name = imported.experiment.name
    entry = next((one for one in store.entries() if one.experiment.name == name), None)
    if entry is None:
        return False
    if entry.experiment.search != "imported":
        raise ImportFileError(_name_taken(name))
    if how := difference(imported, entry.experiment, store.records(name)):
        raise ImportFileError(_name_taken(name, how))
    return True


def _reserve(store: Store, imported: ImportedExperiment) -> list[tuple[SourceTrial, Record]]:
    """Every trial with its record; a study with records is not reserved again."""
    name = imported.experiment.name
    earlier_records = store.records(name)
    pairs: list[tuple[SourceTrial, Record]] = []
    for study, trials in imported.studies:
        records: Sequence[Record] = earlier_records.of_study(study.name)[:]
        if trials and not records:
            records = store.reserve(name, study, [_start(trial) for trial in trials])
        pairs += zip(trials, records, strict=True)
    return pairs


def _start(trial: SourceTrial) -> Start:
    seed = UNKNOWN_SEED if trial.seed is None else trial.seed
    return Start(trial.setting, name=trial.name, seed=seed)


def _events(trial: SourceTrial, record: Record, metric: str) -> list[Event]:
    end = trial_end(trial, record.id, metric)
    return [
        Began(record.id, 0),
        Logged(record.id, trial.rows),
        *([end] if end else []),
    ]


def _summary(imported: ImportedExperiment, records: Sequence[Record]) -> ImportSummary:
    metric = imported.experiment.metric
    statuses = Counter(
        f"{record.status} ({record.reason})" if record.reason else record.status
        for record in records
    )
    points = Counter(
        name for _, trials in imported.studies for trial in trials for _, name, _ in trial.rows
    )
    return ImportSummary(
        experiment=imported.experiment,
        trials={study.name: len(trials) for study, trials in imported.studies},
        statuses=dict(statuses.most_common()),
        metrics=dict(points.most_common()),
        without_metric=sum(
            record.status == "completed" and not len(record.series(metric)) for record in records
        ),
        apart=imported.apart,
        left_out=imported.left_out,
        unseen=_unseen(imported),
        source_studies=imported.source_studies,
        taken_for=taken_for(imported.experiment, points),
        warnings=imported.warnings,
    )


def _unseen(imported: ImportedExperiment) -> dict[str, int]:
    """Numbers that vary and stay apart although most trials have them, with the trials' count."""
    trials = [trial for _, trials in imported.studies for trial in trials]
    unseen = {}
    for name in (name for name, why in imported.apart.items() if why != UNNAMED):
        values = [trial.setting[name] for trial in trials if name in trial.setting]
        is_mostly_there = len(trials) > len(values) >= MIN_SHARE * len(trials)
        if is_mostly_there and len(set(values)) > 1 and all(map(is_number, values)):
            unseen[name] = len(values)
    return unseen
