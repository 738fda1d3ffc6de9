"""What readers hand on, made fit to be named in a file, a terminal and a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...errors import ImportFileError
from ...space import Scalar
from ..base import SourceStudy, SourceTrial
from ..parsing import files

# Heuristic: the largest settings of trainers have some hundred entries.
MAX_NAMES = 2000
# The store's whole numbers have 64 bits, and a length beyond this is no training.
MAX_STEP = 10**12


def sanitize(studies: Sequence[SourceStudy]) -> list[SourceStudy]:
    """The studies with names that hide nothing, and points at steps that can be.

    Raises:
        ImportFileError: for names that are too long, too many, or alike once they are readable.
    """
    names = {name for one in studies for trial in one.trials for name in trial.setting}
    metrics = {metric for one in studies for trial in one.trials for _, metric, _ in trial.rows}
    for kind, found in (("hyperparameters", names), ("metrics", metrics)):
        _refuse_strange(kind, found)
    return [_study(one, position) for position, one in enumerate(_named_apart(studies))]


def _refuse_strange(kind: str, names: set[str]) -> None:
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


def _named_apart(studies: Sequence[SourceStudy]) -> Iterable[SourceStudy]:
    """The studies, names readable, no two alike."""
    seen: Counter[str] = Counter()
    for study in studies:
        name = files.clean(study.name)[: files.MAX_NAME]
        seen[name] += 1
        yield replace(study, name=name if seen[name] == 1 else f"{name} ({seen[name]})")


def _study(study: SourceStudy, position: int) -> SourceStudy:
    lost = 0
    trials = []
    for trial in study.trials:
        rows = tuple(row for row in trial.rows if _is_step(row[0]))
        lost += len(trial.rows) - len(rows)
        trials.append(_trial(trial, rows))
    said = f"{lost:,} values at steps that are no whole number from 0 on."
    return replace(
        study,
        name=study.name or f"study {position + 1}",
        trials=tuple(trials),
        domains={files.clean(name): one for name, one in study.domains.items()},
        left_out=tuple(files.clean(one) for one in study.left_out) + ((said,) if lost else ()),
    )


def _trial(trial: SourceTrial, rows: tuple[tuple[int, str, float], ...]) -> SourceTrial:
    if not all(metric.isprintable() for metric in {metric for _, metric, _ in rows}):
        rows = tuple((step, files.clean(metric), value) for step, metric, value in rows)
    seed = trial.seed
    return replace(
        trial,
        name=files.clean(trial.name)[: files.MAX_NAME],
        setting={files.clean(name): _value(one) for name, one in sorted(trial.setting.items())},
        rows=rows,
        reason=files.clean(trial.reason)[: files.MAX_NAME],
        detail=trial.detail.encode("utf-8", "replace").decode("utf-8"),
        seed=seed if seed is not None and 0 <= seed < 2**63 else None,
    )


def _value(value: Scalar) -> Scalar:
    return files.clean(value) if isinstance(value, str) else value


def _is_step(step: float) -> bool:
    # A reader may hand on what a file had there.
    return isinstance(step, int) and 0 <= step <= MAX_STEP
