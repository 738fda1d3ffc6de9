"""Every check of this version, in the order of the checklist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..experiment import Experiment
from ..finding import Finding
from ..record import Record
from ..study import Study
from .checks import (
    best_step,
    boundary,
    censored,
    coverage,
    fixed_caveats,
    gradient_norm,
    importance,
    infeasible,
    overfitting,
    periodicity,
    sampling_luck,
    saturated,
    stability,
    step_variance,
    still_improving,
    training_loss_rises,
    trial_noise,
)
from .views.curves import trial_curves
from .views.outcomes import outcomes, ranked
from .views.subgroups import subgroups

# Rules of the checklist that no check can see in a trial's values: a report says so, or silence
# would look like approval.
NOT_CHECKED = {
    "D4": "instability in steps that nothing was logged at",
    "E4": "whether a sampled evaluation set stands for the full one",
    "E5": "how many examples of rare classes are right",
}


def findings(
    studies: Sequence[Study], records: Sequence[Record], experiment: Experiment
) -> list[Finding]:
    """What every check says, in the order of the checklist, study by study.

    Edges, infeasible trials, importance and curves are those of a whole merged study; luck is that
    of each value's share of it.

    Source: C1-C4, C6-C11, T5, E6, D1-D5, D9, D10, Q10, A2, R2, R5, R14, T8.
    """
    bests = {study.name: best for study in studies if (best := _best(study, records)) is not None}
    by_study = [
        finding
        for study in studies
        for finding in (
            *_of_settings(study, records),
            *_of_curves(
                study, records, {each: bests[each] for each in bests if each != study.name}
            ),
            *_of_luck(study, records),
        )
    ]
    return by_study + fixed_caveats.findings(fixed_caveats.fixed_caveats(studies))


def _best(study: Study, records: Sequence[Record]) -> float | None:
    best_first = ranked(outcomes(study, records))
    return best_first[0].value if best_first else None


def _of_settings(study: Study, records: Sequence[Record]) -> Iterator[Finding]:
    """What where the trials lie says: C1, C2, C3."""
    yield from boundary.findings(boundary.boundary(study, records))
    yield from coverage.findings(coverage.coverage(study, records))
    yield from censored.findings(censored.censored(study, records))
    yield from infeasible.findings(infeasible.infeasible(study, records))


def _of_curves(
    study: Study, records: Sequence[Record], rivals: Mapping[str, float]
) -> Iterator[Finding]:
    """What the curves say: one finding a trial and check, and some of the study."""
    mine = trial_curves(study, records)
    yield from stability.findings(stability.stability(study, mine))
    yield from overfitting.findings(overfitting.overfitting(study, mine))
    yield from step_variance.findings(step_variance.step_variance(study, mine, rivals=rivals))
    yield from still_improving.findings(still_improving.still_improving(study, mine))
    yield from saturated.findings(saturated.saturated(study, mine))
    yield from training_loss_rises.findings(training_loss_rises.training_loss_rises(study, mine))
    yield from best_step.findings(best_step.best_step(study, mine))
    yield from gradient_norm.findings(gradient_norm.gradient_norm(study, mine))
    yield from periodicity.findings(periodicity.periodicity(study, mine))


def _of_luck(study: Study, records: Sequence[Record]) -> Iterator[Finding]:
    """What chance may have done, and what is known beyond it."""
    for part, its in subgroups(study, records):
        yield from sampling_luck.findings(sampling_luck.sampling_luck(part, its))
    yield from trial_noise.findings(trial_noise.trial_noise(study, records))
    yield from importance.findings(importance.importance(study, records))
