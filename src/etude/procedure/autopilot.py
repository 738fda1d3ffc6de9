"""Autopilot: rounds that follow their own advice within one budget, as a procedure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import final

from ..advise.edits import changes_phrase
from ..advise.policy import REDRAW, REFINE
from ..experiment import Experiment
from ..experiment.methods import SEARCHES
from ..round.next_round import NextRound
from ..round.result import Result
from .base import Answer, Step
from .budget import EXPLORES, exploration_cost, fit_to_budget, remaining_steps
from .cost import Cost, trained_steps


@final
@dataclass(frozen=True, kw_only=True)
class PlayedRound:
    """One round of several, with its result and what follows from it.

    Args:
        number: From 1.
        file: Where its experiment file stands; None for an experiment from Python.
        spent: Training steps until its end, those of earlier rounds among them.
        coming: The round that is played next; None where this one is the last.
        said: What the budget changed of the next round; empty where it changed nothing.
        ended: Why no other round follows, a sentence each; empty where one does.
    """

    number: int
    result: Result
    file: Path | None
    spent: int
    coming: NextRound | None = None
    said: str = ""
    ended: tuple[str, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class Series:
    """All that autopilot knows: the rounds so far, each with what follows from it.

    Args:
        first: The experiment of the first round.
        rounds: At most.
        budget_steps: Training steps of all rounds together.
        played: The rounds so far.
        ended: Why nothing more can be trained; empty while it can.
    """

    first: Experiment
    rounds: int
    budget_steps: int
    played: tuple[PlayedRound, ...] = ()
    ended: str = ""

    def with_end(self, why: str) -> Series:
        """The same, where nothing more can be trained."""
        return replace(self, ended=why)

    def with_result(self, result: Result, file: Path | None) -> Series:
        """The same with one round more, and with what follows from it."""
        results = {one.result.experiment.name: one.result for one in self.played}
        results[result.experiment.name] = result
        latest = PlayedRound(
            number=len(self.played) + 1,
            result=result,
            file=file,
            spent=sum(trained_steps(one.records) for one in results.values()),
        )
        goals = [one.coming.goal for one in self.played if one.coming]
        latest = with_next(
            latest,
            rounds=self.rounds,
            budget_steps=self.budget_steps,
            results=results,
            goals=goals,
        )
        return replace(self, played=(*self.played, latest))


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

        Source: R1, R3.
        """
        if not known.played:
            return Step(part="1", experiment=known.first, because="the first round", rules=("R1",))
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
    return replace(played, coming=fitted.coming, said=fitted.message)


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
