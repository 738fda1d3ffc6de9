"""The last steps of a series: the winner confirmed by other seeds, and trained for longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..advise.follow_up import SEEDS
from ..advise.remedies.exploit import SEARCH
from ..errors import InputError
from ..experiment import Experiment
from ..round.result import Result
from .base import Known
from .delegation import Consultation, Delegation, known_of_result
from .exploit import Exploit
from .extend import Extend

EXPLOIT, EXTEND = "exploit", "extend"
# The most first, so that what is left pays for as much as it can.
_CONFIRMED = (3, 2, 1)
_EXTENDED = ((4, SEEDS), (2, SEEDS), (2, 3))
# The leader, a rival, and a neighbour to either side: what the second of these trains at most.
_CONTENDERS = 4
# Heuristic: twice as long shows whether length helps, as the advice has it.
_LONGER = 2


def reserve(first: Experiment, *, confirms: bool, max_steps: int | None) -> int:
    """The training steps that the last steps of a series take at most, as its first round stands.

    Source: R15, A2, T8.
    """
    procedure = Exploit()
    trainings = procedure.settings * procedure.seeds if confirms else 0
    return trainings * first.max_steps + extension_reserve(first, max_steps)


def extension_reserve(first: Experiment, max_steps: int | None) -> int:
    """Those of the extension alone; 0 without one.

    Raises:
        RunError: for a length that is not longer than that of the first round.

    Source: R15, T8.
    """
    if max_steps is None:
        return 0
    lengths = Extend(max_steps=max_steps).lengths(Known(base=first, setting={}))
    return _CONTENDERS * SEEDS * sum(lengths)


def confirmation(result: Result, *, remaining_steps: int, asked: bool) -> Consultation:
    """The best settings of a series trained again, as many of them as what is left pays for.

    A comparison is not confirmed here: its lead is retrained as its own advice asks.

    Args:
        result: The last round that searched.
        remaining_steps: Training steps that are left for it.
        asked: Whether somebody wants to know why it is not played.

    Source: A1, A2, X1, R15.
    """
    known = known_of_result(result)
    if known.tried is None or known.tried.exploitation.is_barred:
        bars = known.tried.exploitation.missing if known.tried else ()
        why = bars[0].text if bars else "no trial has ended"
        note = f"Nothing is confirmed: {why}." if asked else ""
        return Consultation(name=EXPLOIT, note=note)
    for settings in _CONFIRMED:
        procedure = Exploit(settings=settings, searches=False)
        delegated = Delegation(procedure=procedure, result=result, known=known)
        if delegated.answer is not None:
            note = f"Nothing is confirmed: {delegated.answer.line}." if asked else ""
            return Consultation(name=EXPLOIT, note=note)
        if procedure.cost(known).steps <= remaining_steps:
            return Consultation(name=EXPLOIT, delegated=delegated)
    few = f"the {remaining_steps:,} training steps that are left are too few"
    return left_unconfirmed(result, few)


def left_unconfirmed(result: Result, why: str) -> Consultation:
    """No confirmation, with the reason and the command that confirms.

    Args:
        result: The last round that searched.
        why: Why nothing is trained again, in a clause.

    Source: A2.
    """
    is_searched = result.experiment.search == SEARCH
    by_hand = f"next {result.experiment.name} --seeds {SEEDS}"
    command = f"exploit {result.experiment.name}" if is_searched else by_hand
    note = (
        f"The best is not confirmed, so its value may be luck: {why}. "
        f"`etude {command}` does it (A2)."
    )
    return Consultation(name=EXPLOIT, note=note)


def extension(
    result: Result,
    max_steps: int | None,
    *,
    remaining_steps: int,
    setting: Mapping[str, Any] | None = None,
) -> Consultation:
    """The winner of a series trained for longer; its command where no length was asked for.

    Args:
        result: The round of the winner.
        max_steps: The length to arrive at; None for none.
        remaining_steps: Training steps that are left for it.
        setting: The winner, where it was confirmed; None for the best trial of the round.

    Source: T1, T8, R15.
    """
    name = result.experiment.name
    if max_steps is None:
        longer = _LONGER * result.experiment.max_steps
        command = f"`etude extend {name} --max-steps {longer}`"
        note = f"The best trials still improve: {command} trains the winner for longer (T1, T8)."
        return Consultation(name=EXTEND, note=note if _still_improves(result) else "")
    known = known_of_result(result)
    if setting is not None and setting.keys() == known.setting.keys():
        known = replace(known, setting=dict(setting), setting_source="the confirmed winner")
    most = 0
    for studies, seeds in _EXTENDED:
        procedure = Extend(max_steps=max_steps, studies=studies, seeds=seeds)
        try:
            most = procedure.cost(known).steps
        except InputError as error:
            return Consultation(name=EXTEND, note=f"Nothing is extended: {error}")
        if most <= remaining_steps:
            delegated = Delegation(procedure=procedure, result=result, known=known)
            return Consultation(name=EXTEND, delegated=delegated)
    note = (
        f"`etude extend {name} --max-steps {max_steps}` is left to you: it takes {most:,} training "
        f"steps or more, and {remaining_steps:,} are left (R15)."
    )
    return Consultation(name=EXTEND, note=note)


def _still_improves(result: Result) -> bool:
    """Whether a check says that longer training would help what is compared."""
    return any(
        (one.check, one.rule, one.status) == ("still_improving", "T1", "notice")
        for one in result.findings
    )
