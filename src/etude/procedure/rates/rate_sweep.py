"""The rounds of a diagnosis: which rates are trained next, how often, and why.

Rates lie on a grid around that of the configuration: `per_decade` places in a factor of ten. The
sweep trains every `coarse`-th of them, and the rounds after it those between.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import final

from ...analyze.statistics.tails import rank_sum_p_value
from ...space.rounding import ten_digits
from ...wording import number
from ..base import Known, Round, Setting, Step, listed
from ..cost import Cost
from .first_steps import FirstSteps, first_steps
from .rate_trials import Rate, Rates, rates

# Rounds that train the file's length, and those that probe.
SWEEP, FIRST_STEPS = "rates", "first-steps"


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much a diagnosis trains.

    Args:
        per_decade: Places of the grid in a factor of ten.
        coarse: Every so many are swept.
        reach: Places of the sweep on either side of the configuration's rate.
        extensions: How often the sweep is extended on a side where it proves too narrow.
        further: Places of one extension.
        around: Places on either side of the best rate that are trained with several seeds.
        seeds: So many each.
        border_seeds: So many of the rates around the border.
        most_seeds: And so many where breaking trials left steps.
        fewest: Trainings of a round of more seeds.
        rounds: How often the best or the border may move and be looked at again.
        checks: Times the best rate, for the double check.
        check_seeds: Trainings at each.
        probe: Times the best rate, for the first steps.
        probe_steps: The length of a probe, at most that of the file.
        probe_seeds: Trainings at that rate; as many again where some of them break unseen, too
            few to tell.
        most_trials: Trainings of the full length that all this may take.

    Source: D2, D3, D4, A1.
    """

    # Heuristic: neighbours lie a factor of 1.47 apart, so the best is within 1.21 of some place.
    per_decade: int = 6
    # Heuristic: half a decade: the optimum of a rate is seldom narrower.
    coarse: int = 3
    # Heuristic: two decades: a configuration in the middle of its range is seldom further off.
    reach: int = 12
    extensions: int = 2
    further: int = 12
    # Heuristic: up to a factor of 2.2, half way to what the sweep trained next to it.
    around: int = 2
    # Heuristic: of fewer than three, no spread is known.
    seeds: int = 3
    border_seeds: int = 2
    # Heuristic: of ten, a mean is known to a third of the spread of one.
    most_seeds: int = 10
    fewest: int = 4
    rounds: int = 3
    checks: tuple[float, ...] = (5.0, 10.0)
    check_seeds: int = 2
    probe: float = 2.0
    probe_steps: int = 500
    # Heuristic: of a break that strikes 40 % of trainings, eight show two in nine of ten cases.
    probe_seeds: int = 8
    # Heuristic: sweep and extensions, three seeds at five rates, and two of them again.
    most_trials: int = 40

    def cost(self, known: Known) -> Cost:
        """What a diagnosis takes at most; of trials that break early, more are trained.

        Source: R15.
        """
        full, length = self.most_trials, known.base.max_steps
        probes = 2 * self.probe_seeds
        steps = full * length + probes * min(self.probe_steps, length)
        return Cost(trials=2 * full + probes, steps=steps)


@final
@dataclass(frozen=True, kw_only=True)
class Grid:
    """The places of rates around that of a configuration."""

    rate: float
    per_decade: int

    def value(self, place: int) -> float:
        """The rate at a place; 0 is the configuration's."""
        return ten_digits(self.rate * 10.0 ** (place / self.per_decade))

    def place(self, rate: float) -> int:
        """The place next to a rate."""
        return round(self.per_decade * math.log10(rate / self.rate))


def trained_rates(known: Known, name: str) -> Rates | None:
    """The trials of the rounds that trained the file's length, by rate; None before any.

    Source: D2.
    """
    length = known.base.max_steps
    full = [
        one for one in known.rounds if _is_full(one.part) and one.experiment.max_steps == length
    ]
    return rates(full, known, name)


def _is_full(part: str) -> bool:
    """Whether a part trains the rates of the sweep at their full length."""
    stem = part.rstrip("0123456789").rstrip("-")
    return stem in (SWEEP, "near", "border", "seeds", "double-check")


def next_round(known: Known, name: str, plan: Plan) -> Step | None:
    """The round that the diagnosis needs next; None where it has all.

    Source: D2, D3, D4.
    """
    grid = Grid(rate=float(known.setting[name]), per_decade=plan.per_decade)
    trained = trained_rates(known, name)
    if trained is None:
        return _sweep(known, name, grid, plan)
    if (wider := _extension(known, trained, grid, plan)) is not None:
        return wider
    # What noise hides in single trainings, several show.
    if trained.lowest is None or says_nothing(trained, spread=0.0):
        return None
    for ask in (_near, _border, _more_seeds, _double_check):
        if (step := ask(known, trained, grid, plan)) is not None:
            return step
    probed = probes(known, name)
    if probed is None:
        return _first_steps(known, trained, plan)
    if len(probe_rounds(known)) == 1 and probed.is_open() and not seen_at(trained, probed.rate):
        return _more_probes(known, trained, probed, plan)
    return None


def probe_rounds(known: Known) -> list[Round]:
    """The rounds that trained the first steps alone, every step evaluated.

    Source: D4.
    """
    return [one for one in known.rounds if one.part.startswith(FIRST_STEPS)]


def probes(known: Known, name: str) -> FirstSteps | None:
    """What all of them show; None before any.

    Source: D4.
    """
    return first_steps(probe_rounds(known), name, known.base.max_steps)


def seen_at(trained: Rates, rate: float) -> bool:
    """Whether evaluations show that training breaks at this rate.

    Source: D1.
    """
    return trained.unstable_from is not None and trained.unstable_from <= rate


# Heuristic: over at least two decades, the best rate gains hardly more than the worst; and the
# extremes of twenty normal values lie 3.7 sd apart.
def says_nothing(
    trained: Rates, *, decades: float = 2.0, share: float = 0.02, spread: float = 4.0
) -> bool:
    """Whether the loss is the same at every rate that trains, as far as noise lets one see.

    Source: D2.
    """
    there = trained.usable
    if len(there) < 2 or there[-1].value < there[0].value * 10.0**decades:
        return False
    means = [one.mean for one in there]
    apart = max(means) - min(means)
    if apart <= share * trained.gain:
        return True
    # Noise grows with the rate: what breaks at the edge would hide what differs below.
    noise = trained.sd_near(trained.lowest.value) if trained.lowest else trained.sd
    return apart <= spread * noise and not (
        _begins_by_rate(trained.usable) or _ranges_differ(trained, noise)
    )


# Heuristic: of the best of a dozen borders; what low rates leave at its start lies far above.
def _begins_by_rate(rates: Sequence[Rate], *, max_p_value: float = 0.001) -> bool:
    """Whether the first evaluations tell low rates from high ones: the training reads its rate.

    Where it ends may be luck all the same, as where half of the trainings break.
    """
    return _least_p_value([rate.firsts for rate in rates if rate.firsts]) < max_p_value


# Heuristic: as sure as of two rates; a decade has several trainings where a rate has one. Of the
# best of a dozen borders surer than the usual 5 %.
def _ranges_differ(
    trained: Rates, noise: float, *, sure: float = 2.5, max_p_value: float = 0.005
) -> bool:
    """Whether the mean loss of some range of rates is another one than that of the others.

    The low, the middle and the high rates are thirds of the range and not of the trainings, most
    of which are near the best rate. A loss that falls within a third, where few rates were trained
    below the best, shows at some border between two rates; by ranks, for noise grows with the rate.
    """
    if _least_p_value([rate.losses for rate in trained.usable if rate.losses]) < max_p_value:
        return True
    low, high = (math.log(rate.value) for rate in (trained.usable[0], trained.usable[-1]))
    parts: list[list[float]] = [[], [], []]
    for rate in trained.usable:
        third = min(int(3.0 * (math.log(rate.value) - low) / (high - low)), 2)
        parts[third].extend(rate.losses)
    pairs = itertools.combinations(filter(None, parts), 2)
    return any(_differ(one, other, sure * noise) for one, other in pairs)


def _least_p_value(losses: Sequence[Sequence[float]]) -> float:
    """How probable the most telling border between low and high rates were, were all alike."""
    halves = (
        (list(itertools.chain(*losses[:border])), list(itertools.chain(*losses[border:])))
        for border in range(1, len(losses))
    )
    return min((rank_sum_p_value(low, high) for low, high in halves), default=1.0)


def _differ(one: Sequence[float], other: Sequence[float], apart: float) -> bool:
    """Whether two means are so far apart, as a difference of two single losses would be."""
    return abs(fmean(one) - fmean(other)) > apart * math.sqrt(1.0 / len(one) + 1.0 / len(other))


def _sweep(known: Known, name: str, grid: Grid, plan: Plan) -> Step:
    places = range(-plan.reach, plan.reach + 1, plan.coarse)
    because = f"sweep `{name}` around {number(grid.rate)} for the best and the first that breaks"
    return _round(known, name, SWEEP, dict.fromkeys(map(grid.value, places), 1), because)


def _extension(known: Known, trained: Rates, grid: Grid, plan: Plan) -> Step | None:
    """More rates on the side where the best or the first that breaks lies at the edge."""
    sweeps = len([one for one in known.rounds if one.part.startswith(SWEEP)])
    values = [one.value for one in trained.rates]
    if sweeps > plan.extensions or len(known.rounds) > sweeps or not values:
        return None
    if says_nothing(trained, spread=0.0):
        return None
    best = trained.lowest
    steps = range(plan.coarse, plan.further + 1, plan.coarse)
    if best is None or best.value == values[0]:
        places = [grid.place(values[0]) - step for step in steps]
        because = "the best of the sweep is its lowest" if best else "all of the sweep break"
        because = f"lower rates: {because}"
    elif best.value == values[-1] or trained.unstable_from is None:
        places = [grid.place(values[-1]) + step for step in steps]
        is_edge = best.value == values[-1]
        few = "too few of the sweep break for a border"
        because = few if trained.broken else "none of the sweep breaks"
        because = "the best of the sweep is its highest" if is_edge else because
        because = f"higher rates: {because}"
    else:
        return None
    part = f"{SWEEP}-{sweeps + 1}"
    return _round(known, trained.name, part, dict.fromkeys(map(grid.value, places), 1), because)


def _near(known: Known, trained: Rates, grid: Grid, plan: Plan) -> Step | None:
    """Several seeds around the best rate, wherever that is by now."""
    assert trained.lowest is not None
    middle = grid.place(trained.lowest.value)
    best = number(trained.lowest.value)
    # Where the cost said first does not pay for all of it, fewer rates come before fewer seeds.
    for around, seeds in ((plan.around, plan.seeds), (1, plan.seeds), (1, 2), (0, 2)):
        places = range(middle - around, middle + around + 1)
        wanted = _missing(trained, map(grid.value, places), seeds)
        because = (
            f"several seeds within a factor of {_factor(around, plan)} of {best}, the best yet"
        )
        step = _if_room(known, trained, ("near", because), wanted, plan)
        if step is not None or not wanted:
            return step
    return None


def _factor(places: int, plan: Plan) -> str:
    return number(10.0 ** (places / plan.per_decade), 2)


def _border(known: Known, trained: Rates, grid: Grid, plan: Plan) -> Step | None:
    """Two seeds at the rates around the lowest that breaks, from the best on."""
    border = trained.unstable_from
    assert trained.lowest is not None
    if border is None:
        return None
    place, best = grid.place(border), grid.place(trained.lowest.value)
    # Where the best breaks in part of its trainings, the border lies below it.
    least = max(place - plan.coarse + 1, best) if best < place else place - plan.coarse + 1
    below = range(least, max(place, best) + 1)
    wanted = _missing(trained, map(grid.value, below), plan.border_seeds)
    because = f"the border between rates that train and those that break, near {number(border)}"
    return _if_room(known, trained, ("border", because), wanted, plan)


def _more_seeds(known: Known, trained: Rates, grid: Grid, plan: Plan) -> Step | None:
    """What trials that broke early left is spent on seeds next to the best, and at the border."""
    if known.round("double-check") is not None:
        return None
    assert trained.lowest is not None
    length = known.base.max_steps
    checks = len(plan.checks) * plan.check_seeds
    left = plan.most_trials - checks - math.ceil(known.spent_steps / length)
    left = min(left, 2 * plan.most_trials - checks - _trainings(known))
    middle = grid.place(trained.lowest.value)
    places = [middle, middle + 1, middle - 1, middle - 2, middle + 2, middle - 3]
    if trained.unstable_from is not None:
        border = grid.place(trained.unstable_from)
        # The highest rate well below the border is what the best is compared with.
        well = [border - plan.coarse] if border < middle + plan.coarse else []
        places = [middle, *well, *places, border - 1, border, border - 2]
    values = [grid.value(place) for place in places]
    # What breaks for sure takes no steps, and says nothing new.
    open_values = [
        value
        for value in values
        if (there := trained.at(value)) is None or there.losses or there.seeds < plan.seeds
    ]
    wanted = _spread(trained, open_values, left, plan.most_seeds)
    # A round of fewer tells less than it takes to begin it.
    if sum(wanted.values()) < plan.fewest:
        return None
    because = "more seeds where the answer rests, from what broken trials left of the cost"
    return _if_room(known, trained, ("seeds", because), wanted, plan)


def _spread(trained: Rates, values: Sequence[float], left: int, most: int) -> dict[float, int]:
    """So many trainings more, at these rates in turn, until each was trained `most` times."""
    wanted: dict[float, int] = {}
    for seeds in range(2, most + 1):
        for value, lacking in _missing(trained, values, seeds).items():
            more = lacking - wanted.get(value, 0)
            if 0 < more <= left:
                wanted[value] = lacking
                left -= more
    return wanted


def _double_check(known: Known, trained: Rates, grid: Grid, plan: Plan) -> Step | None:
    """5 and 10 times the best rate."""
    del grid
    if known.round("double-check") is not None:
        return None
    assert trained.lowest is not None
    best = trained.lowest.value
    values = [ten_digits(times * best) for times in plan.checks]
    times = " and ".join(f"{one:g}" for one in plan.checks)
    because = f"double check at {times} times {number(best)}: a steady fall, then a jump?"
    wanted = dict.fromkeys(values, plan.check_seeds)
    return _round(known, trained.name, "double-check", wanted, because, rules=("D3",))


def _first_steps(known: Known, trained: Rates, plan: Plan) -> Step:
    """Every step evaluated, at twice the rate of the lowest loss."""
    assert trained.lowest is not None
    best = trained.lowest.value
    length = min(plan.probe_steps, known.base.max_steps)
    setting = {**_as_at_full_length(known), trained.name: ten_digits(plan.probe * best)}
    settings = [setting] * plan.probe_seeds
    return Step(
        part=FIRST_STEPS,
        experiment=listed(
            known,
            settings,
            question="Does training break in its first steps, unseen between evaluations?",
            max_steps=length,
            evaluations=length,
        ),
        because=f"the first {length:,} steps at {plan.probe:g} times {number(best)}, "
        "every step evaluated",
        rules=("D4",),
    )


def _more_probes(known: Known, trained: Rates, probed: FirstSteps, plan: Plan) -> Step:
    """As many again: of one training in eight that breaks unseen nothing follows."""
    coming = _first_steps(known, trained, plan)
    count = f"{len(probed.hidden)} of {len(probed.probes)}"
    because = f"as many again at {number(probed.rate)}: {count} broke and recovered, few to tell"
    return replace(coming, part=f"{FIRST_STEPS}-2", because=because)


def _as_at_full_length(known: Known) -> Setting:
    """The configuration, with a schedule that stands where it stands in a training of full length.

    Etude's loop stretches a decay over the steps that there are, which are fewer in a probe.

    Source: D4, D14.
    """
    setting = dict(known.setting)
    if not known.own_loop or "schedule" not in setting:
        return setting
    length = known.base.max_steps
    warmup = _steps(setting, "warmup", 0, length)
    constant = int(setting.get("constant_steps", 0))
    by_default = max(length - warmup - constant, 1)
    if setting["schedule"] == "inverse_sqrt":  # as the loop has it
        by_default = warmup
    decay = _steps(setting, "decay", by_default, length)
    for name in ("warmup_fraction", "decay_fraction"):
        setting.pop(name, None)
    return {**setting, "warmup_steps": warmup, "decay_steps": decay}


def _steps(setting: Setting, part: str, default: int, length: int) -> int:
    fraction = setting.get(f"{part}_fraction")
    if fraction is not None:
        return round(float(fraction) * length)
    return int(setting.get(f"{part}_steps", default))


def _missing(trained: Rates, values: Iterable[float], seeds: int) -> dict[float, int]:
    """How many trainings each of these rates lacks of so many, each rate once."""
    wanted = {}
    for value in values:
        there: Rate | None = trained.at(value)
        lacking = seeds - (there.seeds if there else 0)
        if lacking > 0:
            wanted[value] = lacking
    return wanted


def _if_room(
    known: Known, trained: Rates, what: tuple[str, str], wanted: Mapping[float, int], plan: Plan
) -> Step | None:
    """The round, where something is wanted that the cost said first still pays for."""
    stem, because = what
    number_of = len([one for one in known.rounds if one.part.startswith(stem)])
    checks = len(plan.checks) * plan.check_seeds
    length = known.base.max_steps
    planned = known.spent_steps + (sum(wanted.values()) + checks) * length
    trials = _trainings(known) + sum(wanted.values()) + checks
    has_room = planned <= plan.most_trials * length and trials <= 2 * plan.most_trials
    if not wanted or number_of >= plan.rounds or not has_room:
        return None
    part = stem if not number_of else f"{stem}-{number_of + 1}"
    return _round(known, trained.name, part, wanted, because)


def _trainings(known: Known) -> int:
    return sum(len(one.records) for one in known.rounds)


def _round(
    known: Known,
    name: str,
    part: str,
    wanted: Mapping[float, int],
    because: str,
    *,
    rules: tuple[str, ...] = ("D2",),
) -> Step:
    settings = [
        {**known.setting, name: value} for value in sorted(wanted) for _ in range(wanted[value])
    ]
    experiment = listed(known, settings, question="Where does training break?")
    return Step(part=part, experiment=experiment, because=because, rules=rules)
