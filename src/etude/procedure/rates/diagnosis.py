"""Diagnosis: how a workload breaks, where, and whether that holds its best rate down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

from ...wording import number
from ..base import Known, Step
from ..learning_rate import rate_of
from .first_steps import FirstSteps
from .rate_sweep import Plan, next_round, probes, says_nothing, seen_at, trained_rates
from .rate_trials import Rate, Rates, RateTrial

Kind: TypeAlias = Literal["stable", "early", "mid_training", "hidden", "unclear"]
PLAN = Plan()


@final
@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What the sweep of the rate and the probes above its best show.

    Args:
        kind: How it breaks at the rates that matter: `early` (in the first steps), `mid_training`
            (after steady progress), `hidden` (between evaluations, and it recovers), `stable`, or
            `unclear`.
        rate: The user's name of the learning rate.
        best_rate: lr*, the rate with the lowest loss of trainings that do not break, or a lower
            one that never breaks and is as good; None where none trained, or where the loss is the
            same at all of them.
        safe_rate: The same of the rates below `unstable_from`; None where none trained there.
        unstable_from: Where training becomes unstable, `unstable_base_learning_rate` of D7: from
            there on a quarter of the trainings or more break. None where no border parts rates
            that break from those that train, though single trainings may have broken.
        held_down: Whether the best usable rate is limited by it (D1); None where that is not known,
            as where it is `hidden`: one rate was probed, and nothing compared.
        because: Why it is `unclear`, or what the verdict rests on, in a sentence.
        promises: Whether it is `unclear` while something speaks for a gain from stabilizing: the
            losses just above the best climb for a while (D2), or trainings at the best rate itself
            break (D3).
        trained: All trainings of the full length, by rate; None before any.
        first_steps: What the first steps at twice the rate of the lowest loss do; None where not
            known.

    Source: D1, D2, D3, D4, D7.
    """

    kind: Kind
    rate: str
    best_rate: float | None = None
    safe_rate: float | None = None
    unstable_from: float | None = None
    held_down: bool | None = None
    because: str = ""
    promises: bool = False
    trained: Rates | None = None
    first_steps: FirstSteps | None = None

    @property
    def baseline_rate(self) -> float | None:
        """The rate that a cure is compared with: the best that seldom breaks, else lr*.

        Source: D8.
        """
        return self.best_rate if self.safe_rate is None else self.safe_rate


@final
@dataclass(frozen=True, kw_only=True)
class HeldDown:
    """Whether the best rate is held down, and what that rests on, in at most 20 words."""

    answer: bool | None
    because: str


@final
@dataclass(frozen=True, kw_only=True)
class Limits:
    """The numbers that decide a diagnosis.

    Args:
        room: "Well below" the border is so many times.
        sure: So many standard errors tell two rates apart.
        sure_where_it_breaks: So many do where the best rate itself breaks in part (D3).
        alike: And with fewer than so many, nothing speaks for a difference.
        edge: A best rate within so many times of the border lies at the edge (D3).
        alike_at_edge: And there only fewer than so many say that nothing does.
        broken: So many trainings, and ...
        broken_share: ... such a share of them break at no stable rate (D3).
        early: The share of the length that is the start.
        nearest: So many of the broken trainings next to the border tell when it is.

    Source: D1.
    """

    # As the check of stability has it: "well below" is a third.
    room: float = 3.0
    # Heuristic: the usual two, and half of one more for the best of several.
    sure: float = 2.5
    # Heuristic: a best rate that breaks in part of its trainings is a sign by itself.
    sure_where_it_breaks: float = 1.5
    alike: float = 1.0
    # Heuristic: next to the border, where rates are a factor of 1.5 apart.
    edge: float = 2.0
    # Heuristic: the edge is a sign by itself, so that a lower rate has to be as good for sure.
    alike_at_edge: float = 0.3
    # Heuristic: as of the rate from which training becomes unstable.
    broken: int = 2
    broken_share: float = 0.25
    # As the check of stability has it.
    early: float = 0.1
    # Heuristic: of five, one by accident is no majority.
    nearest: int = 5


LIMITS = Limits()


def diagnosis(known: Known, plan: Plan = PLAN) -> Step | Diagnosis:
    """The next round of a diagnosis, or what it shows; always the latter where nothing is trained.

    Raises:
        RunError: where no setting has a learning rate, or not a number above 0.

    Source: D1, D2, D3, D4, D7.
    """
    name, _ = rate_of(known, without="its stability cannot be looked at")
    step = None if known.ended else next_round(known, name, plan)
    return step if step is not None else _diagnosed(known, name)


def _diagnosed(known: Known, name: str, limits: Limits = LIMITS) -> Diagnosis:
    trained = trained_rates(known, name)
    probed = probes(known, name)
    shown = Diagnosis(kind="unclear", rate=name, trained=trained, first_steps=probed)
    if trained is None or not trained.rates:
        because = "every training ended by an error" if trained else "nothing was trained"
        return replace(shown, because=because)
    best_rate = trained.best.value if trained.best else None
    shown = replace(
        shown,
        best_rate=best_rate,
        safe_rate=trained.safe.value if trained.safe else None,
        unstable_from=trained.unstable_from,
    )
    if trained.lowest is None:
        lowest = number(trained.rates[0].value)
        return replace(
            shown, because=f"every rate breaks, from {lowest} on: look at the code first"
        )
    is_hidden = probed is not None and probed.breaks_unseen()
    if says_nothing(trained) and not is_hidden:
        low, high = (number(one.value) for one in (trained.usable[0], trained.usable[-1]))
        because = f"the loss shows no dependence on the rate from {low} to {high}"
        return replace(shown, best_rate=None, safe_rate=None, because=because)
    if known.ended and probed is None:
        return replace(shown, because="the budget ended it before its last round")
    return _judged(shown, trained, limits)


def _judged(shown: Diagnosis, trained: Rates, limits: Limits) -> Diagnosis:
    """How it breaks where that holds the best rate down, else `stable`."""
    probed = shown.first_steps
    if probed is not None and probed.breaks_unseen() and not seen_at(trained, probed.rate):
        count = f"{len(probed.hidden)} of {len(probed.probes)}"
        because = f"{count} trainings at {number(probed.rate)} break and recover unseen"
        # Only one rate was probed: nothing was compared that tells whether this costs anything.
        return replace(shown, kind="hidden", because=because)
    limited = held_down(trained, limits)
    if limited.answer is None:
        assert trained.lowest is not None
        best = trained.lowest.value
        climbs = _climb(trained.between(best, limits.room * best))
        is_broken = trained.unstable_from is not None and trained.unstable_from <= best
        is_broken = is_broken or bool(_breaks_in_part(trained, trained.lowest, limits))
        return replace(shown, because=limited.because, promises=climbs or is_broken)
    if not limited.answer:
        climbing = _climbing(trained, limits)
        if because := _too_few_probes(shown, trained) or climbing:
            return replace(shown, because=because, promises=bool(climbing))
        return replace(shown, kind="stable", held_down=False, because=limited.because)
    kind = _kind(trained, limits)
    return replace(shown, kind=kind, held_down=True, because=limited.because)


def confirmed(shown: Diagnosis) -> Diagnosis:
    """A diagnosis that was left open although a gain was to be expected, after a better cure.

    Source: D2, D3.
    """
    if not shown.promises or shown.trained is None:
        return shown
    broke = broken_near(shown.trained)
    kind = _kind(shown.trained, LIMITS) if broke else "mid_training"
    because = f"{shown.because}, and a cure is better"
    return replace(shown, kind=kind, held_down=True, because=because, promises=False)


def _too_few_probes(shown: Diagnosis, trained: Rates) -> str:
    """Which probes speak against a stable training, too few to tell; empty where none does."""
    probed = shown.first_steps
    if probed is None or not probed.is_open() or seen_at(trained, probed.rate):
        return ""
    count = f"{len(probed.hidden)} of {len(probed.probes)}"
    return f"{count} trainings at {number(probed.rate)} break and recover unseen: too few to tell"


def _climbing(trained: Rates, limits: Limits) -> str:
    """How many losses just above the best climb for a while (D2); empty where few do."""
    assert trained.lowest is not None
    best = trained.lowest.value
    near = [one for one in trained.usable if best < one.value <= limits.room * best]
    if _climb(near):
        above = [trial for one in near for trial in one.trials]
        climbing = sum(trial.climb() > 0.0 for trial in above)
        return f"{climbing} of {len(above)} losses just above the best climb for a while"
    return ""


def _climb(rates: Sequence[Rate]) -> bool:
    """Whether the loss of at least half of the trainings at these rates climbs for a while (D2)."""
    trials = [trial for one in rates for trial in one.trials]
    return bool(trials) and 2 * sum(trial.climb() > 0.0 for trial in trials) >= len(trials)


def held_down(trained: Rates, limits: Limits = LIMITS) -> HeldDown:
    """Whether the best usable rate is limited by instability.

    It is where it lies just below where training becomes unstable, or beyond, no rate well below
    that never breaks is as good, and the loss does not rise again before.

    Source: D1, D2.
    """
    best, border = trained.lowest, trained.unstable_from
    assert best is not None
    if border is None:
        return _without_border(trained, best)
    if border >= limits.room * best.value:
        return _far_below(trained, best, border, limits)
    well = [one for one in trained.usable if one.value * limits.room <= border and not one.broke]
    if not well:
        return HeldDown(answer=None, because=f"no rate well below {number(border)} trains")
    if (turned := _turned(trained, best, border, limits)) is not None:
        what = f"{trained.name} = {number(turned.value)}"
        return HeldDown(answer=False, because=f"the loss rises again before the border, at {what}")
    # A single training, the lowest of several by luck, is no rate that is as good.
    often = [one for one in well if len(one.losses) > 1]
    other = min(often or well, key=lambda one: one.mean)
    apart = (other.mean - best.mean) / trained.error(best, other)
    if math.isnan(apart):
        return HeldDown(
            answer=None, because="single trainings do not tell how far losses differ by luck"
        )
    # Not where the best was moved down to a rate that is as good as those that got through.
    is_moved = trained.best is not None and trained.best.value * limits.room <= border
    sure = limits.sure if best.value < border else limits.sure_where_it_breaks
    if apart >= sure and not is_moved:
        where = "just below" if trained.best and trained.best.value < border else "beyond"
        text = f"the best lies {where} where training breaks, and none well below is as good"
        return HeldDown(answer=True, because=text)
    alike = limits.alike_at_edge if border < limits.edge * best.value else limits.alike
    if apart <= alike and not _climb(trained.between(best.value, limits.room * best.value)):
        return HeldDown(
            answer=False, because=f"{number(other.value)}, well below the border, is as good"
        )
    return HeldDown(
        answer=None,
        because=f"whether {number(other.value)}, well below the border, is as good as "
        f"{number(best.value)} is open",
    )


def _without_border(trained: Rates, best: Rate) -> HeldDown:
    highest = trained.rates[-1].value
    if best.value == highest:
        return HeldDown(
            answer=None, because=f"the best rate is the highest that was trained, {number(highest)}"
        )
    if trained.broken:
        count = f"{trained.broken} of {trained.trainings} trainings broke"
        return HeldDown(answer=False, because=f"no border up to {number(highest)}: {count}")
    return HeldDown(answer=False, because=f"no rate up to {number(highest)} breaks")


def _far_below(trained: Rates, best: Rate, border: float, limits: Limits) -> HeldDown:
    if because := _breaks_in_part(trained, best, limits):
        return HeldDown(answer=None, because=because)
    times = number(border / best.value, 2)
    return HeldDown(
        answer=False, because=f"the best rate lies {times} times below the first that breaks"
    )


def _breaks_in_part(trained: Rates, best: Rate, limits: Limits) -> str:
    """How many trainings break at the best rate, or just above, far below the border; else empty.

    Source: D3.
    """
    near = [one for one in trained.rates if best.value <= one.value <= limits.room * best.value]
    for rates, where in (
        ([best], "at the best rate"),
        (near, f"up to {limits.room:g} times the best rate"),
    ):
        broke, seeds = sum(len(one.broke) for one in rates), sum(one.seeds for one in rates)
        if broke >= limits.broken and broke >= limits.broken_share * seeds:
            return f"{broke} of {seeds} trainings {where} break"
    return ""


def _turned(trained: Rates, best: Rate, border: float, limits: Limits) -> Rate | None:
    """The first usable rate between best and border that is worse for sure, and does not climb.

    The few that train beyond the border tell nothing about what would be there without it.
    """
    for one in trained.usable:
        if not best.value < one.value < border or not one.losses:
            continue
        climbs = sum(trial.climb() > 0.0 for trial in one.trials)
        is_worse = one.mean - best.mean >= limits.sure * trained.error(best, one)
        if is_worse and trained.learned(one) and not (one.broke or climbs):
            return one
    return None


def broken_near(trained: Rates, limits: Limits = LIMITS) -> list[RateTrial]:
    """The trainings that broke from where it becomes unstable on, up to a few times that.

    Source: D1.
    """
    border = trained.unstable_from
    if border is None:
        return []
    near = [one for one in trained.rates if border <= one.value <= limits.room * border]
    return [trial for one in near for trial in one.broke]


def _kind(trained: Rates, limits: Limits) -> Kind:
    """Whether most trainings near the border break at their start.

    The higher the rate the earlier they break, so the rates next to the border tell.
    """
    broke = _nearest(broken_near(trained, limits), limits.nearest)
    early = sum(trial.onset <= limits.early for trial in broke)
    return "early" if 2 * early >= len(broke) else "mid_training"


def _nearest(broke: Sequence[RateTrial], count: int) -> list[RateTrial]:
    """So many of the lowest rates, and the others at the last of these rates."""
    if len(broke) <= count:
        return list(broke)
    return [trial for trial in broke if trial.rate <= broke[count - 1].rate]
