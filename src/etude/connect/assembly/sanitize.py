"""Sanitizing of what readers hand on, so that a file, a terminal and a page can name it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...errors import ImportFileError
from ...space import Scalar
from ..base import SourceStudy, SourceTrial
from ..parsing import files
from ..renaming import distinct_name

# Heuristic: the largest settings of trainers have some hundred entries.
MAX_NAMES = 2000
# The store's whole numbers have 64 bits, and a length beyond this is no training.
MAX_STEP = 10**12


def sanitize(studies: Sequence[SourceStudy]) -> list[SourceStudy]:
    """The studies with names that hide nothing, and with points at possible steps only.

    Raises:
        ImportFileError: for names that are too long, too many, or alike once they are readable.
    """
    names = {name for study in studies for trial in study.trials for name in trial.setting}
    metrics = {metric for study in studies for trial in study.trials for _, metric, _ in trial.rows}
    for kind, members in (("hyperparameters", names), ("metrics", metrics)):
        _refuse_names(kind, members)
    return [
        _sanitized_study(study, position)
        for position, study in enumerate(_with_distinct_names(studies))
    ]


def _refuse_names(kind: str, names: set[str]) -> None:
    if len(names) > MAX_NAMES:
        raise ImportFileError(
            f"There are {len(names):,} {kind}, and at most {MAX_NAMES:,} are taken. "
            "Leave out what is none: --ignore NAME."
        )
    for name in sorted(names):
        if len(name) > files.MAX_NAME:
            raise ImportFileError(
                f"`{files.clean(name[:60])}...` has {len(name):,} characters, and a name of "
                f"{kind} at most {files.MAX_NAME}. Is it the right file?"
            )
    for readable, count in Counter(files.clean(name) for name in names).items():
        if count > 1:
            raise ImportFileError(
                f"{count} names of {kind} are `{readable}` once what hides in them is gone. "
                "Rename one where it was recorded."
            )


def _with_distinct_names(studies: Sequence[SourceStudy]) -> Iterable[SourceStudy]:
    """The studies with readable names, no two alike."""
    counts: Counter[str] = Counter()
    for study in studies:
        name = files.clean(study.name)[: files.MAX_NAME]
        yield replace(study, name=distinct_name(name, counts))


def _sanitized_study(study: SourceStudy, position: int) -> SourceStudy:
    lost_rows = 0
    trials = []
    for trial in study.trials:
        rows = tuple(row for row in trial.rows if _is_step(row[0]))
        lost_rows += len(trial.rows) - len(rows)
        trials.append(_sanitized_trial(trial, rows))
    lost_message = f"{lost_rows:,} values at steps that are no whole number from 0 on."
    return replace(
        study,
        name=study.name or f"study {position + 1}",
        trials=tuple(trials),
        domains={files.clean(name): one for name, one in study.domains.items()},
        left_out=tuple(files.clean(one) for one in study.left_out)
        + ((lost_message,) if lost_rows else ()),
    )


def _sanitized_trial(trial: SourceTrial, rows: tuple[tuple[int, str, float], ...]) -> SourceTrial:
    if not all(metric.isprintable() for metric in {metric for _, metric, _ in rows}):
        rows = tuple((step, files.clean(metric), value) for step, metric, value in rows)
    seed = trial.seed
    return replace(
        trial,
        name=files.clean(trial.name)[: files.MAX_NAME],
        setting={
            files.clean(name): _clean_value(one) for name, one in sorted(trial.setting.items())
        },
        rows=rows,
        reason=files.clean(trial.reason)[: files.MAX_NAME],
        detail=trial.detail.encode("utf-8", "replace").decode("utf-8"),
        seed=seed if seed is not None and 0 <= seed < 2**63 else None,
    )


def _clean_value(value: Scalar) -> Scalar:
    return files.clean(value) if isinstance(value, str) else value


def _is_step(step: float) -> bool:
    # A reader may hand on a step of any type that a file had.
    return isinstance(step, int) and 0 <= step <= MAX_STEP
