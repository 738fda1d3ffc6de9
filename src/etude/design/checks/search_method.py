"""What the search and the schedule of a design are not good for."""

from __future__ import annotations

from collections.abc import Sequence

from ...experiment import Experiment
from ...finding import Finding
from ...space import Choice
from ...study import Study
from ...wording import number, percent

# Q9 recommends grids in one or two dimensions.
MOST_AXES = 2
# T8: conclusions from about a tenth of the length may not hold.
SHORTEST = 0.1
# Heuristic: W4's walk-through compares its members 2 to 5 times; more than 20 times, a member
# has less than a twentieth of its training to show what a change was worth.
SHORTEST_INTERVAL = 0.05


def findings(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """Grids in many dimensions, stopping rules, first rungs too early, generations too short.

    Source: Q9, K1, T8, W3, W4.
    """
    grids = [_grid(study) for study in studies if study.search == "grid" and _excess_ranges(study)]
    early = _stops_early(experiment)
    return [*grids, *early, *_rungs(experiment), *_generations(experiment)]


def _excess_ranges(study: Study) -> int:
    """How many ranges a grid has to cover, where they are too many; else 0."""
    ranges = [one for one in study.space.domains.values() if not isinstance(one, Choice)]
    return len(ranges) if len(ranges) > MOST_AXES else 0


def _grid(study: Study) -> Finding:
    ranges = _excess_ranges(study)
    values = study.max_trials ** (1 / ranges)
    return Finding(
        rule="Q9",
        check="schedule",
        status="notice",
        subject={"study": study.name},
        headline=(
            f"The grid of `{study.name}` tries {number(values, 2)} values of each of {ranges} axes"
        ),
        message=(
            f"The grid of `{study.name}` spends {study.max_trials} trials on {ranges} ranges, "
            f"about {number(values, 2)} values of each; quasi-random points would try "
            f"{study.max_trials}. A grid will do in one or two dimensions."
        ),
        evidence={"trials": study.max_trials, "ranges": ranges, "values": values},
        advice='Write search = "quasi_random", or fix all but two of the ranges for this round.',
    )


def _stops_early(experiment: Experiment) -> list[Finding]:
    """That a schedule ends trials before the others' last step; a population replaces them."""
    if experiment.schedule != "asha":
        return []
    return [
        Finding(
            rule="K1",
            check="schedule",
            status="notice",
            subject={},
            headline="`asha` stops trials before their end, so not all have as many steps",
            message=(
                "`asha` stops trials before their end, as a known walk-through does (W3). With one "
                "number of steps for all, and the best checkpoints kept, stopping rules are "
                "usually not needed."
            ),
            evidence={"schedule": experiment.schedule, "max_steps": experiment.max_steps},
            advice=(
                "Leave the schedule out where the steps can be paid for; or acknowledge K1, and "
                "train the best few to their end before concluding."
            ),
        )
    ]


def _rungs(experiment: Experiment) -> list[Finding]:
    first = experiment.schedule_options.get("min_steps")
    if experiment.schedule != "asha" or first is None:
        return []
    if first >= SHORTEST * experiment.max_steps:
        return []
    share = first / experiment.max_steps
    return [
        Finding(
            rule="T8",
            check="schedule",
            status="notice",
            subject={},
            headline=f"`asha` first judges trials after {percent(share)} of the steps",
            message=(
                f"`asha` first judges trials after {first:,} of {experiment.max_steps:,} steps, "
                f"{percent(share)}. Conclusions from about 10 % may not hold at the full length."
            ),
            evidence={"min_steps": first, "max_steps": experiment.max_steps, "share": share},
            advice=(
                "Leave `min_steps` out, or write `brackets = 2` as a hedge, and train the best few "
                "to their end before concluding."
            ),
        )
    ]


def _generations(experiment: Experiment) -> list[Finding]:
    interval = experiment.schedule_options.get("interval")
    if experiment.schedule != "pbt" or interval is None:
        return []
    distance = experiment.max_steps / experiment.evaluations
    if interval >= SHORTEST_INTERVAL * experiment.max_steps and interval >= distance:
        return []
    return [
        Finding(
            rule="W4",
            check="schedule",
            status="notice",
            subject={},
            headline=f"`pbt` changes members every {interval:,} of {experiment.max_steps:,} steps",
            message=(
                f"`pbt` compares and changes its members every {interval:,} of "
                f"{experiment.max_steps:,} steps, with an evaluation every {number(distance, 3)}. "
                "So often, models may become unstable, and values after a change are mostly noise."
            ),
            evidence={"interval": interval, "max_steps": experiment.max_steps, "apart": distance},
            advice=(
                f"Write an interval of {round(2 * SHORTEST_INTERVAL * experiment.max_steps):,} or "
                "more steps, or leave it out."
            ),
        )
    ]
