"""`etude trials`: the trials as a table, JSON or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..text.cells import cell
from ..wording import FULL_DIGITS, number, quantity
from .options import (
    CsvOption,
    JsonOption,
    MaximizeOption,
    MetricOption,
    NameArgument,
    StoreOption,
    TestOption,
)

if TYPE_CHECKING:
    from ..analyze.views.versions import TrainedBy
    from ..record import Record
    from ..round.result import Result


def trials(  # noqa: PLR0913  # one parameter an option is Typer's way
    name: NameArgument = None,
    *,
    store: StoreOption = None,
    metric: MetricOption = None,
    maximize: MaximizeOption = False,
    test: TestOption = False,
    json: JsonOption = False,  # a flag of the command line
    csv: CsvOption = None,
) -> None:
    """List the trials of an experiment, best first, infeasible ones last."""
    from .options import Judge, stored_result
    from .output import Answer, show

    with stored_result(name, store, Judge(metric, maximize), test=test) as result:
        answer = Answer(
            lines=partial(_lines, result),
            json=partial(_as_json, result),
            csv=partial(_as_csv, result),
            rows=quantity(len(result.records), "trial"),
        )
        show(answer, json=json, csv=csv)


def _as_json(result: Result) -> dict[str, Any]:
    trained = _trained(result)
    return {
        "metric": result.experiment.metric,
        "maximize": result.experiment.maximize,
        "evaluation": _evaluation_as_json(result),
        "trials": [
            {**_trial_as_json(result, record), **_origin_as_json(trained[record.id])}
            for record in result.records
        ],
    }


def _evaluation_as_json(result: Result) -> dict[str, str | None]:
    """Which kind of evaluation the values are (E8)."""
    from ..analyze.checks.evaluation_kind import evaluation_kind

    kind = evaluation_kind(result.studies, result.records)
    return {"kind": kind.kind, "text": kind.text, "mean_of": kind.of or None}


def _trained(result: Result) -> Mapping[int, tuple[TrainedBy, ...]]:
    """In which launches and by which versions of the code each trial was trained."""
    from ..analyze.views.versions import versions

    return versions(result.records).of_trial


def _origin_as_json(stretches: Sequence[TrainedBy]) -> dict[str, Any]:
    """The launch and the code that trained it last, and of each stretch; null where unknown."""
    last = stretches[-1] if stretches else None
    return {
        "launch": last.launch if last else None,
        "code": (last.version or None) if last else None,
        "trained": [
            {"from_step": one.from_step, "launch": one.launch, "code": one.version or None}
            for one in stretches
        ],
    }


def _trial_as_json(result: Result, record: Record) -> dict[str, Any]:
    from ..record import UNKNOWN_SEED

    experiment, log = result.experiment, _log(result, record)
    best = record.best(experiment.metric, maximize=experiment.maximize)
    return {
        "id": record.id,
        "name": record.name or str(record.id),
        "study": record.study,
        "setting": dict(record.setting),
        "status": record.status,
        "reason": record.reason,
        "detail": record.detail,
        "log": str(log) if log else None,
        "seed": None if record.seed == UNKNOWN_SEED else record.seed,
        "best": {"value": best.value if best else None, "step": best.step if best else None},
        "steps": record.steps,
        "unread": None if record.unread is None else list(record.unread),
        "taken_whole": list(record.taken),
        **({"test": _test_values(result, record)} if result.shows_test else {}),
    }


def _test_values(result: Result, record: Record) -> dict[str, float]:
    """The test values of a trial at its best step, where they are asked for."""
    from ..round.hidden_metrics import values_at_best

    return values_at_best(record, result.experiment) if result.shows_test else {}


def _log(result: Result, record: Record) -> Path | None:
    """What the trial printed, if it printed anything."""
    path = result.store.files.log(result.experiment.name, record.id)
    return path if path.is_file() else None


def _as_csv(result: Result) -> str:
    # A hyperparameter of that name keeps out of the way, as it does for the other columns.
    frame = result.trials.rename(
        columns={name: f"setting.{name}" for name in ("detail", "log", "launch", "code")}
    )
    place = list(frame.columns).index("reason") + 1
    frame.insert(place, "detail", [record.detail for record in result.records])
    frame.insert(place + 1, "log", [str(_log(result, one) or "") for one in result.records])
    for name in result.test_metrics if result.shows_test else ():
        frame[name] = [_test_values(result, one).get(name) for one in result.records]
    origins = [_origin_as_json(stretches) for stretches in _trained(result).values()]
    for at, key in enumerate(("launch", "code"), start=place + 2):
        frame.insert(at, key, [origin[key] for origin in origins])
    text = frame.select_dtypes(exclude="number").columns
    frame[text] = frame[text].map(cell)
    return str(frame.rename(columns=cell).to_csv(index=False))


def _lines(result: Result) -> Iterator[str]:
    from .output import hidden_test_lines, judged_lines, table_lines

    yield from judged_lines(result)
    header = ["trial", "study", "status", result.experiment.metric, "step", "searched"]
    table = [header, *map(partial(_row, result), _best_first(result))]
    if any(record.name for record in result.records):
        names = {str(record.id): record.name for record in result.records}
        table = [[row[0], names.get(row[0], "name"), *row[1:]] for row in table]
    trained = _trained(result)
    if len({one.version for stretches in trained.values() for one in stretches}) > 1:
        codes = {str(trial): _code_cells(stretches) for trial, stretches in trained.items()}
        table = [[*row[:-1], *codes.get(row[0], ["launch", "code"]), row[-1]] for row in table]
    tested = _with_test(result, table)
    yield from table_lines([[*row[:-1], *cells, row[-1]] for row, cells in tested])
    yield from _reason_lines(result)
    yield from hidden_test_lines(result)


def _with_test(
    result: Result, table: Sequence[Sequence[str]]
) -> Iterator[tuple[Sequence[str], list[str]]]:
    """The rows, each with its cells of test data: none where they are not asked for."""
    names = result.test_metrics if result.shows_test else ()
    yield table[0], list(names)
    for record, row in zip(_best_first(result), table[1:], strict=True):
        values = _test_values(result, record)
        yield row, [number(values[one], FULL_DIGITS) if one in values else "-" for one in names]


def _code_cells(stretches: Sequence[TrainedBy]) -> list[str]:
    """The launches and the versions of the code that a trial was trained by, in order."""
    launches = dict.fromkeys(str(one.launch) for one in stretches)
    codes = dict.fromkeys(one.version or "unknown" for one in stretches)
    return [", ".join(launches) or "-", ", ".join(codes) or "-"]


def _best_first(result: Result) -> list[Record]:
    """The trials, feasible ones first and of these the best, equals by their ids."""
    experiment = result.experiment

    def order(record: Record) -> tuple[bool, float, int]:
        best = record.best(experiment.metric, maximize=experiment.maximize)
        feasible = best is not None and record.status != "infeasible"
        return not feasible, experiment.objective.loss(best.value) if best else 0.0, record.id

    return sorted(result.records, key=order)


def _row(result: Result, record: Record) -> list[str]:
    from .output import setting_line

    experiment = result.experiment
    best = record.best(experiment.metric, maximize=experiment.maximize)
    status = f"{record.status} ({record.reason})" if record.reason else record.status
    value, step = (number(best.value, FULL_DIGITS), f"{best.step:,}") if best else ("-", "-")
    searched = setting_line(_searched(result, record))
    return [str(record.id), record.study, status, value, step, searched]


def _searched(result: Result, record: Record) -> dict[str, Any]:
    # Trials that another tool knew no setting of lie in no study.
    study = next((one for one in result.studies if one.name == record.study), None)
    names = study.space.domains if study else ()
    return {name: record.setting[name] for name in names if name in record.setting}


def _reason_lines(result: Result) -> list[str]:
    """Where to look for what is wrong with the infeasible trials."""
    from .output import paragraph

    failed = [record for record in result.records if record.status == "infeasible"]
    if not failed:
        return []
    trials = quantity(len(failed), "trial is", "trials are")
    sentences = f"Why {trials} infeasible: `detail` in --json."
    logs = [log for record in failed if (log := _log(result, record))]
    if logs:
        more = f" (and {quantity(len(logs) - 1, 'more log')})" if len(logs) > 1 else ""
        sentences += f" What trial {logs[0].parent.name} printed: {logs[0]}{more}"
    return ["", paragraph(sentences)]
