"""Autopilot: rounds that follow their own advice within one budget, as a procedure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import final

from ..advise.edits import changes_phrase
from ..advise.policy import REDRAW, REFINE
from ..experiment import Experiment
from ..experiment.methods import SEARCHES
from ..record import Record
from ..round.next_round import NextRound
from ..round.result import Result
from .base import Answer, Step
from .budget import EXPLORES, exploration_cost, fit_to_budget, remaining_steps
from .cost import Cost, trained_steps
from .delegation import Consultation, Delegation, consultations
from .last_steps import (
    EXPLOIT,
    confirmation,
    extension,
    extension_reserve,
    left_unconfirmed,
    reserve,
)


@final
@dataclass(frozen=True, kw_only=True)
class PlayedRound:
    """One round of several, with its result and what follows from it.

    Args:
        number: From 1.
        file: Where its experiment file stands; None for an experiment from Python.
        spent: Training steps until its end, those of earlier rounds among them.
        coming: The round that is played next; None where this one is the last.
        note: What the budget changed of the next round; empty where it changed nothing.
        ended: Why no other round follows, a sentence each; empty where one does.
    """

    number: int
    result: Result
    file: Path | None
    spent: int
    coming: NextRound | None = None
    note: str = ""
    ended: tuple[str, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class Series:
    """All that autopilot knows: the rounds so far, each with what follows from it.

    Args:
        first: The experiment of the first round.
        rounds: At most.
        budget_steps: Training steps of all rounds and procedures together.
        confirms: Whether steps are reserved to confirm the winner; else what is left over does.
        max_steps: The length that the winner is extended to at the end; None for no extension.
        played: The rounds so far.
        ended: Why nothing more can be trained; empty while it can.
        delegated: The procedure that the last round asks for, until it has answered.
        consulted: The procedures that were asked; each is asked once.
        consulted_steps: The training steps of those that have answered.
        note: What the last round's procedures say so far.
        last_steps: The procedures that end the series, as far as they have come.
    """

    first: Experiment
    rounds: int
    budget_steps: int
    confirms: bool = False
    max_steps: int | None = None
    played: tuple[PlayedRound, ...] = ()
    ended: str = ""
    delegated: Delegation | None = None
    consulted: tuple[str, ...] = ()
    consulted_steps: int = 0
    note: str = ""
    last_steps: tuple[Consultation, ...] = ()

    @property
    def search_steps(self) -> int:
        """The training steps of the rounds, without those that are reserved for the last steps."""
        reserved = reserve(self.first, confirms=self.confirms, max_steps=self.max_steps)
        return self.budget_steps - reserved

    @property
    def spent(self) -> int:
        """The training steps of all rounds and procedures so far."""
        last_steps = [one.delegated.spent_steps for one in self.last_steps if one.delegated]
        asked = self.delegated.spent_steps if self.delegated else 0
        return (self.played[-1].spent if self.played else 0) + asked + sum(last_steps)

    @property
    def asked(self) -> Delegation | None:
        """The procedure whose round comes next; None where a round of the series does, or none."""
        if self.delegated is not None:
            return self.delegated
        last = self.last_steps[-1].delegated if self.last_steps else None
        return last if last is not None and last.answer is None else None

    @property
    def is_unasked(self) -> bool:
        """Whether the procedure whose round comes next follows from a round, not from an option."""
        is_confirmation = len(self.last_steps) == 1
        return self.delegated is not None or (is_confirmation and not self.confirms)

    def without_procedure(self) -> Series:
        """The same, where the procedure whose round would come next is left to the person."""
        if (asked := self.delegated) is not None:
            most = asked.procedure.cost(asked.known).steps
            note = f"`etude {asked.name}` is left to you: it takes up to {most:,} training steps."
            return _followed(replace(self, delegated=None, note=f"{self.note} {note}".strip()))
        *before, last = self.last_steps
        assert last.delegated is not None, "No procedure comes next. This is a bug."
        left = left_unconfirmed(last.delegated.result, "nobody said yes to its trainings")
        return _closed(replace(self, last_steps=(*before, left)))

    def with_end(self, why: str) -> Series:
        """The same, where nothing more can be trained."""
        return replace(self, ended=why)

    def with_result(self, result: Result, file: Path | None) -> Series:
        """The same with one round more, and with what follows from it."""
        results = {one.result.experiment.name: one.result for one in self.played}
        results[result.experiment.name] = result
        trained = sum(trained_steps(one.records) for one in results.values())
        latest = PlayedRound(
            number=len(self.played) + 1,
            result=result,
            file=file,
            spent=trained + self.consulted_steps,
        )
        series = replace(self, played=(*self.played, latest), note="")
        if latest.number >= self.rounds:
            return _followed(series)
        remaining = self.search_steps - latest.spent
        followed, retraining = _advising(result, results)
        asked = list(
            consultations(
                followed,
                remaining_steps=remaining,
                consulted=self.consulted,
                retraining=retraining,
            )
        )
        series = replace(
            series,
            consulted=(*self.consulted, *(one.name for one in asked)),
            note=" ".join(one.note for one in asked if one.note),
            delegated=asked[-1].delegated if asked else None,
        )
        return _followed(series) if series.delegated is None else _settled(series)

    def with_procedure(self, asked: Delegation) -> Series:
        """The same after a round of the procedure that is being asked."""
        if self.delegated is not None:
            return _settled(replace(self, delegated=asked))
        *before, last = self.last_steps
        return _closed(replace(self, last_steps=(*before, replace(last, delegated=asked))))


def _advising(result: Result, results: Mapping[str, Result]) -> tuple[Result, str]:
    """The round whose advice is followed: after retrainings that settle nothing, their search's."""
    searched = results.get(result.retrains)
    if searched is None or result.verdict.status == "better" or result.next(retraining=""):
        return result, ""
    return searched, result.experiment.name


def _settled(series: Series) -> Series:
    """The same with what follows from the answer of its procedure, where that has answered."""
    asked = series.delegated
    if asked is None or asked.answer is None:
        return series
    *before, last = series.played
    latest = replace(last, spent=last.spent + asked.spent_steps)
    series = replace(
        series,
        played=(*before, latest),
        delegated=None,
        consulted_steps=series.consulted_steps + asked.spent_steps,
        note=f"{series.note} {asked.note}".strip(),
    )
    return _repaired(series, asked.coming) or _followed(series)


def _repaired(series: Series, coming: NextRound | None) -> Series | None:
    """The round that an answer's lines make comes next; None without one that can be paid."""
    latest = series.played[-1]
    if coming is None:
        return None
    fitted = fit_to_budget(
        coming,
        remaining=series.search_steps - latest.spent,
        rounds_left=series.rounds - latest.number,
    )
    if fitted.coming is None:
        return None
    note = f"{series.note} {fitted.message}".rstrip()
    return _with_last(series, replace(latest, coming=fitted.coming, note=note))


def _followed(series: Series) -> Series:
    """The same with what the last round's own advice makes of it, after what was noted."""
    latest = with_next(
        series.played[-1],
        rounds=series.rounds,
        budget_steps=series.search_steps,
        results={one.result.experiment.name: one.result for one in series.played},
        goals=[one.coming.goal for one in series.played[:-1] if one.coming],
    )
    latest = replace(latest, note=f"{series.note} {latest.note}".strip())
    series = _with_last(series, latest)
    return series if latest.coming is not None else _closed(series)


def _closed(series: Series) -> Series:
    """The same with the next of the last steps begun, once the one before has answered."""
    while series.asked is None and len(series.last_steps) < len(_LAST_STEPS):
        coming = _LAST_STEPS[len(series.last_steps)](series)
        series = replace(series, last_steps=(*series.last_steps, coming))
    return series


def _with_last(series: Series, latest: PlayedRound) -> Series:
    return replace(series, played=(*series.played[:-1], latest))


def _confirmed(series: Series) -> Consultation:
    """The winner trained again, by what the extension leaves."""
    reserved = extension_reserve(series.first, series.max_steps)
    searched = [one.result for one in series.played if not one.result.retrains]
    if not searched:
        return Consultation(name=EXPLOIT)
    return confirmation(
        searched[-1],
        remaining_steps=series.budget_steps - series.spent - reserved,
        asked=series.confirms,
    )


def _extended(series: Series) -> Consultation:
    """The winner trained for longer."""
    best, confirmed = best_of(series.played), series.last_steps[0].delegated
    result = best[0].result if best else series.played[-1].result
    setting = None
    if confirmed is not None and confirmed.answer is not None:
        setting = confirmed.answer.values["setting"]
    return extension(
        result,
        series.max_steps,
        remaining_steps=series.budget_steps - series.spent,
        setting=setting,
    )


_LAST_STEPS: tuple[Callable[[Series], Consultation], ...] = (_confirmed, _extended)


def best_of(rounds: Sequence[PlayedRound]) -> tuple[PlayedRound, Record] | None:
    """The best trial of all rounds, with its round; None where none is feasible.

    Of equals that of the earliest round. What trains the best of another round again confirms it,
    and the luckiest of its seeds is no better setting.

    Source: A1, R1.
    """
    experiment = rounds[0].result.experiment
    candidates: list[tuple[float, int, PlayedRound, Record]] = []
    for played in rounds:
        if played.result.retrains:
            continue
        best = played.result.best
        value = best and best.best(experiment.metric, maximize=experiment.maximize)
        if best and value:
            loss = experiment.objective.loss(value.value)
            candidates.append((loss, played.number, played, best))
    return min(candidates, key=lambda candidate: candidate[:2])[2:] if candidates else None


@final
@dataclass(frozen=True, kw_only=True)
class Autopilot:
    """Rounds that follow their own advice: the same rounds, the same next one.

    Source: R1, R3, R15, X1.
    """

    name: str = "autopilot"

    def cost(self, known: Series) -> Cost:
        """The budget, which every round is fitted to.

        Source: R15.
        """
        return Cost(trials=known.rounds * known.first.trials, steps=known.budget_steps)

    def step(self, known: Series) -> Step | Answer:
        """The first round, then what each one's own advice makes of it, until nothing follows.

        Where the advice is a recipe, such as a cure, its procedure's rounds come in between. At the
        end the winner is confirmed by other seeds, and extended where that was asked for.

        Source: R1, R3.
        """
        if not known.played:
            return Step(part="1", experiment=known.first, because="the first round", rules=("R1",))
        if known.asked is not None and not known.ended:
            return known.asked.decision
        latest = known.played[-1]
        if known.ended or latest.coming is None:
            line = known.ended or latest.ended[0]
            return Answer(word="ENDED", line=line, values={"rounds": len(known.played)})
        coming = latest.coming
        return Step(
            part=str(latest.number + 1),
            experiment=coming.experiment,
            because=coming.goal,
            rules=tuple(dict.fromkeys(one.rule for one in coming.recommendations)),
            text=coming.text,
            file=coming.file,
        )


def with_next(
    played: PlayedRound,
    *,
    rounds: int,
    budget_steps: int,
    results: Mapping[str, Result],
    goals: Sequence[str] = (),
) -> PlayedRound:
    """A round with what comes next of it, or with why nothing does.

    Where it trained the best of an earlier one again, and that settled nothing, the search of the
    earlier one goes on.

    Source: R3, R15, X1, A2.
    """
    remaining = remaining_steps(budget_steps, played.spent)
    if played.number >= rounds:
        return replace(played, ended=(f"All {rounds} rounds are played. {remaining}",))
    followed = played.result
    is_refined = REFINE in goals
    after = partial(next_round, budget=budget_steps, spent=played.spent, is_refined=is_refined)
    coming = after(followed)
    if coming is None and followed.retrains in results and followed.verdict.status != "better":
        again, followed = followed.experiment.name, results[followed.retrains]
        coming = after(followed, retraining=again)
    if coming is None:
        return replace(played, ended=tuple(_why_ended(played.result, results, remaining)))
    fitted = fit_to_budget(
        coming,
        remaining=budget_steps - played.spent,
        rounds_left=rounds - played.number,
        existing=_existing_trials(coming, followed),
    )
    if fitted.coming is None:
        return replace(played, ended=(f"The rounds end here: {fitted.message}",))
    return replace(played, coming=fitted.coming, note=fitted.message)


def _why_ended(result: Result, results: Mapping[str, Result], remaining: str) -> Iterator[str]:
    """Why no edit is asked for; after an answer, the one that its search would be repaired by."""
    searched = results.get(result.retrains)
    if searched is None or result.verdict.status != "better":
        yield f"The rounds end here: no edit of the file is advised. {remaining}"
        yield from result.left_to_you
        return
    yield f"The rounds end here: the question is answered. {remaining}"
    yield from result.left_to_you
    name = searched.experiment.name
    if waiting := searched.next(retraining=result.experiment.name):
        what = changes_phrase(waiting.recommendations)
        yield f"`etude next {name}` repairs what changes no order: {what}."


def next_round(
    result: Result, *, budget: int, spent: int, is_refined: bool = True, retraining: str = ""
) -> NextRound | None:
    """The round that the advice asks for while exploration is paid for; after that, the best score.

    A space whose sides are to be redrawn is explored first, whatever was spent and also in the last
    round: a search that adapts wants a best that lies inside. So is one that was never refined.

    Args:
        result: The round that was played.
        budget: Training steps of all rounds.
        spent: Those that were trained.
        is_refined: Whether a round of the series refined the space already.
        retraining: The round of this series that trained its best again; empty without one. What
            else the store has was trained by a series that is typed again, and comes in its turn.

    Source: R2, R3, X1, A2.
    """
    coming = result.next(retraining=retraining)
    if coming is None:
        return result.next(exploit=True, retraining=retraining)
    existing = _existing_trials(coming, result)
    cost = exploration_cost(coming, existing=existing)
    drawn = (REDRAW,) if is_refined else (REDRAW, REFINE)
    redraws = coming.goal in drawn and SEARCHES[result.experiment.search].explores
    if redraws or spent + cost <= EXPLORES * budget:
        return coming
    return result.next(exploit=True, retraining=retraining) or coming


def _existing_trials(coming: NextRound, result: Result) -> int:
    """The trials a study that the next round has already: those of its own experiment."""
    is_same = coming.experiment.name == result.experiment.name
    return result.experiment.trials if is_same else 0
