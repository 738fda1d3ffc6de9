"""Piecewise schedules: often made by hand against a validation curve, and then copied."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import SpaceError
from ...experiment import Experiment
from ...experiment.hyperparameter import Hyperparameter
from ...experiment.pieces import Piece
from ...experiment.pieces import pieces as pieces_of
from ...finding import Finding
from ...playbook.catalogue import Entry
from ...space import Choice, Scalar, is_number
from ...study import Study
from ...wording import plural
from ..catalogued import catalogued, subject_of, written

# Of a loop of one's own too: the name says enough, whatever its pieces are called there.
_PIECEWISE = frozenset({"piecewise", "piecewise_constant"})


def findings(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """A schedule of pieces: its values are somebody's reading of a curve, until it is said how.

    Source: L2, L4.
    """
    known = catalogued(experiment)
    return [
        _finding(schedule, known, experiment, studies)
        for schedule, entry in known
        if entry.name == "schedule" and _is_piecewise(schedule)
    ]


def _finding(
    schedule: Hyperparameter,
    known: Sequence[tuple[Hyperparameter, Entry]],
    experiment: Experiment,
    studies: Sequence[Study],
) -> Finding:
    pieces = _pieces(known)
    begin = _steps_before(known, experiment.max_steps)
    late = sum(begin + piece.step >= experiment.max_steps for piece in pieces)
    headline = f"`{schedule.name}` is piecewise"
    if late:
        headline += f", and {late} of {plural(len(pieces), 'piece')} begin after the last step"
    elif pieces:
        headline += f", with {plural(len(pieces), 'piece')}"
    return Finding(
        rule="L2",
        check="piecewise",
        status="notice",
        subject=subject_of(schedule, studies),
        headline=headline,
        message=(
            f"{written(schedule)} takes factors at steps that somebody chose. Those of published "
            "schedules were often made by hand against a validation curve: their values say "
            "nothing of another training."
        ),
        evidence={
            "pieces": len(pieces),
            "begin_after_the_last_step": late,
            "max_steps": experiment.max_steps,
        },
        advice=(
            "Reuse the procedure that made the pieces and write it down (L4), or take a linear or "
            "cosine decay (L1); acknowledge L2 where that was done."
        ),
    )


def _is_piecewise(schedule: Hyperparameter) -> bool:
    return any(str(value).casefold() in _PIECEWISE for value in _values(schedule))


def _steps_before(known: Sequence[tuple[Hyperparameter, Entry]], max_steps: int) -> float:
    """Steps of a warmup and a constant phase before the pieces, as far as they are fixed."""
    per_unit = {"warmup_steps": 1, "constant_steps": 1, "warmup_fraction": max_steps}
    return sum(
        per_unit[entry.name] * float(one.value)
        for one, entry in known
        if entry.name in per_unit and is_number(one.value) and not one.when
    )


def _pieces(known: Sequence[tuple[Hyperparameter, Entry]]) -> Sequence[Piece]:
    """The pieces, the longest of several; none where they are not known or are no pieces."""
    texts = [
        str(value)
        for one, entry in known
        if entry.name == "schedule_pieces"
        for value in _values(one)
    ]
    return max(map(_pieces_of, texts), key=len, default=())


def _pieces_of(text: str) -> tuple[Piece, ...]:
    try:
        return pieces_of(text)
    except SpaceError:
        return ()


def _values(hyperparameter: Hyperparameter) -> Sequence[Scalar]:
    value = hyperparameter.value
    if isinstance(value, Choice):
        return tuple(value.values)
    return (value,) if isinstance(value, str) else ()
