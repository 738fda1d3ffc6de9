"""A cure that is ready to be tried: a sweep of the rate with it, then trainings of both sides.

A sweep chooses by few seeds, so what it chose is trained again with seeds of its own before it is
compared: a value that was the lowest of many flatters itself (A1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import fmean
from typing import final

from ...advise.complexity import complexity
from ...advise.new_length import new_length
from ...analyze.comparison import Comparison, comparison
from ...analyze.comparison.retrainings import Retrainings, retrainings
from ...analyze.comparison.sequential import SequentialPlan, sequential_plan
from ...experiment import Experiment
from ...experiment.change import Change, applied
from ...record import Record
from ...wording import number
from ..base import Known, Round, Setting, Step, listed
from ..cost import Cost
from ..rates.diagnosis import Diagnosis
from .base import CureName, CureOutcome

# A2's own number; where they do not decide and the cure is ahead, as many again.
SEEDS = 5
LOOKS = (SEEDS, 2 * SEEDS)
# Heuristic: the first of several cures that is better ends them, so each has half of the usual 5 %:
# were seven compared that do nothing, one would be adopted in 8 of 100 cases, not in 16.
LEVEL = 0.025
# Heuristic: a rate at which one of two breaks is no usable one.
SWEEP_SEEDS = 2
# Heuristic: neighbours so far apart miss at most a factor of two of the best rate.
_APART = 3.0
MOST_RATES = 6
BASELINE = "baseline"


@final
@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A cure that is ready to be tuned and compared.

    Args:
        cure: Which it is.
        part: What its rounds are called: `warmup`.
        title: As a person reads it.
        settings: One for each rate of its sweep.
        max_steps: The length of its trainings, the steps that it adds included.
        sweep_seeds: How often each rate of the sweep is trained.
        rules: The rules that ask for it.
    """

    cure: CureName
    part: str
    title: str
    settings: tuple[Setting, ...]
    max_steps: int
    sweep_seeds: int = SWEEP_SEEDS
    rules: tuple[str, ...] = ()

    @property
    def sweep_part(self) -> str:
        """What its sweep is called."""
        return f"{self.part}-rates"

    @property
    def seeds_part(self) -> str:
        """What the round that trains its best again is called."""
        return f"{self.part}-seeds"


def baseline_setting(known: Known, diagnosis: Diagnosis) -> Setting:
    """The configuration at the best rate that seldom breaks, without any cure.

    Source: D2, D8.
    """
    assert diagnosis.baseline_rate is not None, "No cure without a best rate. This is a bug."
    return {**known.setting, diagnosis.rate: diagnosis.baseline_rate}


def baseline_round(known: Known, diagnosis: Diagnosis, max_steps: int) -> Step:
    """The trainings of the baseline over so many steps.

    Source: D8, A2.
    """
    part = baseline_part(known, max_steps)
    rate = number(diagnosis.baseline_rate)
    return Step(
        part=part,
        experiment=_repeated(known, baseline_setting(known, diagnosis), max_steps),
        because=f"the baseline, `{diagnosis.rate}` = {rate}, over {max_steps:,} steps",
        rules=("D8", "A2"),
    )


def baseline_part(known: Known, max_steps: int) -> str:
    """What the round of the baseline of this length is called."""
    return BASELINE if max_steps == known.base.max_steps else f"{BASELINE}-{max_steps}"


def sweep(known: Known, candidate: Candidate) -> Step:
    """The sweep of the rate with the cure in place.

    Source: D7, D14.
    """
    settings = [one for one in candidate.settings for _ in range(candidate.sweep_seeds)]
    return Step(
        part=candidate.sweep_part,
        experiment=listed(
            known,
            settings,
            question=f"Which rate is best with {candidate.title}?",
            max_steps=candidate.max_steps,
        ),
        because=f"the best rate with {candidate.title}",
        rules=candidate.rules,
    )


def best_setting(round_: Round, settings: Sequence[Setting]) -> Setting | None:
    """The setting of a sweep with the fewest failures, then the lowest mean; None where all fail.

    Source: D3, C3.
    """
    judged = []
    for place, setting in enumerate(settings):
        losses = [
            round_.loss(record)
            for record in round_.records
            if all(record.setting.get(name) == value for name, value in setting.items())
        ]
        finite = [loss for loss in losses if loss is not None]
        if finite:
            judged.append((len(losses) - len(finite), fmean(finite), place))
    return settings[min(judged)[2]] if judged else None


def compared(
    known: Known, diagnosis: Diagnosis, candidate: Candidate, setting: Setting
) -> Step | CureOutcome:
    """The trainings of both sides that are still missing, or the two comparisons of D8.

    The cure at its length is held against the baseline at its own, then against the baseline
    trained as long. Where five seeds do not decide and the cure is ahead, both get five more.

    Source: D8, K1, A2, A4.
    """
    base, length = known.base.max_steps, candidate.max_steps
    parts = (BASELINE, candidate.seeds_part, baseline_part(known, length))
    rounds = {
        BASELINE: baseline_round(known, diagnosis, base),
        parts[1]: _seeds_round(known, candidate, setting),
        parts[2]: baseline_round(known, diagnosis, length),
    }
    for part, step in rounds.items():
        if known.round(part) is None:
            return _not_compared(known, candidate, setting) if known.ended else step
    by_steps = _comparison(known, parts[2], parts[1])
    if by_steps.answer == "undecided" and by_steps.why == "look" and not known.ended:
        for part in (parts[1], parts[2]):
            if known.round(f"{part}-more") is None:
                return _more(rounds[part])
    adds = complexity(baseline_setting(known, diagnosis), setting, names=known.base.names)
    longer = parts[2] != BASELINE
    return replace(
        _not_compared(known, candidate, setting),
        notes=(),
        by_length=_comparison(known, BASELINE, parts[1], planned=False) if longer else by_steps,
        by_steps=by_steps,
        adds=str(adds),
    )


def tuned(known: Known, diagnosis: Diagnosis, candidate: Candidate) -> Step | CureOutcome:
    """The rounds of a candidate, its sweep first, then both sides; or what came of it.

    Source: D7, D8.
    """
    played = known.round(candidate.sweep_part)
    if played is None:
        nothing = _not_compared(known, candidate, {})
        return nothing if known.ended else sweep(known, candidate)
    setting = best_setting(played, candidate.settings)
    if setting is None:
        note = f"with {candidate.title} no rate of the sweep trained to its end"
        return replace(_not_compared(known, candidate, {}), notes=(note,))
    return compared(known, diagnosis, candidate, setting)


def most_of(known: Known, rates: int, *, max_steps: int, sweep_seeds: int = SWEEP_SEEDS) -> Cost:
    """What a candidate's rounds take at most: its sweep, both sides, and five seeds more of each.

    Source: R15.
    """
    longer = max_steps > known.base.max_steps
    trials = rates * sweep_seeds + (2 if longer else 1) * max(LOOKS)
    return Cost(trials=trials, steps=trials * max_steps)


def most_of_baseline(known: Known) -> Cost:
    """What the baseline at its own length takes at most.

    Source: R15.
    """
    return Cost(trials=max(LOOKS), steps=max(LOOKS) * known.base.max_steps)


def peaks(diagnosis: Diagnosis, top: float) -> tuple[float, ...]:
    """Rates from the best one up to a highest, evenly spread on a log scale, a factor of 3 apart.

    Heuristic: what a cure is worth is a higher usable rate, so none below is swept; the best one
    itself is, since a cure may only keep its trainings from breaking. Where the highest is far
    away, they are further apart.

    Source: D1, D7.
    """
    low = diagnosis.baseline_rate or math.nan
    ratio = max(top / low, 1.0)
    if ratio == 1.0:
        return (low,)
    count = min(math.ceil(math.log(ratio, _APART)) + 1, MOST_RATES)
    return tuple(low * ratio ** (place / (count - 1)) for place in range(count))


def _not_compared(known: Known, candidate: Candidate, setting: Setting) -> CureOutcome:
    """What is said of a candidate that was not compared: why nothing more could be trained."""
    changes = {name: value for name, value in setting.items() if known.setting.get(name) != value}
    return CureOutcome(
        cure=candidate.cure,
        title=candidate.title,
        notes=(known.ended,) if known.ended else (),
        setting=setting,
        changes=changes,
        max_steps=candidate.max_steps,
        rules=candidate.rules,
    )


def _repeated(known: Known, setting: Setting, max_steps: int) -> Experiment:
    """Five seeds of a setting; where they train longer, the schedule follows as T10 says."""
    question = "How good is one setting with other seeds?"
    experiment = listed(known, [setting] * SEEDS, question=question)
    if max_steps == experiment.max_steps:
        return experiment
    follows = new_length(experiment, max_steps, own_loop=known.own_loop)
    changes = [one.change for one in follows.edits]
    return applied(experiment, [*changes, Change(("experiment", "max_steps"), "", max_steps)])


def _seeds_round(known: Known, candidate: Candidate, setting: Setting) -> Step:
    question = f"How good is {candidate.title} with other seeds?"
    return Step(
        part=candidate.seeds_part,
        experiment=listed(
            known, [setting] * SEEDS, question=question, max_steps=candidate.max_steps
        ),
        because=f"{candidate.title}, with {SEEDS} seeds of its own",
        rules=("A2", "D8"),
    )


def _more(step: Step) -> Step:
    """The same round with seeds of its own: they come from the name of its part."""
    because = f"{SEEDS} more seeds: it is ahead, and that is not decided"
    return replace(step, part=f"{step.part}-more", because=because, rules=("A2",))


def _comparison(known: Known, baseline: str, cure: str, *, planned: bool = True) -> Comparison:
    """The cure against the baseline, by all their seeds; planned to be looked at twice.

    Where the plan leaves it open and no more seeds are to come, the seeds that are there say what
    they say, but that it is better: that would be one look more than planned for.
    """
    objective = known.base.objective
    a, b = _trainings(known, baseline, "baseline"), _trainings(known, cure, "cure")
    plain = comparison(a, b, metric=objective.metric, maximize=objective.maximize)
    fewest = min(len(a.values), len(b.values))
    if not planned or fewest not in LOOKS or plain.why == "copies":
        return plain
    look = comparison(a, b, metric=objective.metric, maximize=objective.maximize, plan=_plan())
    is_open = look.why == "look"
    is_ahead = look.failures.by < 0 or look.gain > 0
    if not is_open or (is_ahead and not known.ended) or plain.answer == "better":
        return look
    return plain


@cache
def _plan() -> SequentialPlan:
    return sequential_plan(LOOKS, level=LEVEL)


def _trainings(known: Known, part: str, name: str) -> Retrainings:
    """The trainings of a part and of its added seeds, as one side."""
    sides = [
        side
        for one in (known.round(part), known.round(f"{part}-more"))
        if one is not None and (side := _side(one, name)) is not None
    ]
    return Retrainings(
        name=name,
        values=tuple(value for side in sides for value in side.values),
        copies=bool(sides) and all(side.copies for side in sides),
    )


def _side(played: Round, name: str) -> Retrainings | None:
    records: list[Record] = list(played.records)
    return retrainings(played.studies, records, records[0].id, name=name) if records else None
