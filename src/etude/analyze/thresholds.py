"""The thresholds of the checks: what each is, why, and what it does on labelled curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, kw_only=True)
class StepVarianceThresholds:
    """Of `step_variance` (C8)."""

    # C8 as the playbook numbers it: the last 20 % of the evaluations.
    late: float = 0.2
    # No source, ours: a parabola is taken away first; of fewer than 6 values too little is left.
    min_late: int = 6
    # No source, ours: as far apart as single evaluations lie, two values are in order by luck.
    max_ratio: float = 1.0


@final
@dataclass(frozen=True, kw_only=True)
class SaturatedThresholds:
    """Of `saturated` (C10)."""

    # C10 as the playbook numbers it: at the final level since before half of the steps.
    before: float = 0.5
    # The final level is that of the last 20 % of the evaluations, as in C8 and C9.
    late: float = 0.2
    # No source, ours: half of them, 10, must tell noise from a trend.
    min_evaluations: int = 20
    # No source, ours: a trial that ends earlier says nothing of the steps that it left out.
    full: float = 0.9
    # No source, ours: three standard errors of a smoothed value, and of a slope since.
    errors: float = 3.0
    # No source, ours: of all that was gained since the first tenth, a hundredth is no gain.
    resolution: float = 0.01


@final
@dataclass(frozen=True, kw_only=True)
class TrainingLossRisesThresholds:
    """Of `training_loss_rises` (C11, D2)."""

    # C11 as the playbook numbers it: smoothed over 5 % of the steps, and rising for as long.
    window: float = 0.05
    # No source, ours: each window holds a value, roughly, and a median of three leaves no spike.
    min_values: int = 15
    # No source, ours: four standard errors of the difference of two smoothed values.
    errors: float = 4.0
    # No source, ours: noise that wanders may undo so much of what was gained since the first tenth.
    min_share: float = 0.05


@final
@dataclass(frozen=True, kw_only=True)
class BestStepThresholds:
    """Of `best_step` (T5)."""

    # T5 as it stands: the first tenth in all feasible trials.
    first: float = 0.1
    # T5 as it stands: the last quarter, consistently ...
    last: float = 0.25
    # ... which the playbook numbers as 80 % of the feasible trials.
    consistently: float = 0.8
    # Fewer evaluations do not resolve a tenth of the steps.
    min_evaluations: int = 10
    # No source, ours: where four trials agree, one in 16 pairs of halves does so by chance.
    min_trials: int = 5
    # No source, ours: a trial that ends earlier may have had its best later.
    full: float = 0.9


@final
@dataclass(frozen=True, kw_only=True)
class GradientNormThresholds:
    """Of `gradient_norm` (D5, D9, D10)."""

    # D9: clip at the 90th percentile of the logged norms to begin with.
    percentile: float = 0.9
    # D10: clipping more than half of the updates is extremely aggressive.
    max_clipped: float = 0.5
    # No source, ours: a 90th percentile with two values above it.
    min_values: int = 20
    # No source, ours: a norm of ten times the median is one step that undoes ten.
    spike: float = 10.0
    # No source, ours: late norms so many times the early ones are a trend, not a phase.
    exploding: float = 10.0
    # No source, ours: norms fall by a hundred where training does well; beyond, steps do nothing.
    vanishing: float = 1e-4
    # Early and late: a fifth of the values each, as in C8 and C9.
    share: float = 0.2


@final
@dataclass(frozen=True, kw_only=True)
class PeriodicityThresholds:
    """Of `periodicity` (E6)."""

    # E6 as the playbook numbers it: autocorrelation above 0.5, and at least 4 evaluations an epoch.
    correlation: float = 0.5
    min_lag: int = 4
    # No source, ours: a period is one that was seen four times.
    min_periods: int = 4
    # No source, ours: of so many evaluations four lags can be looked at.
    min_evaluations: int = 32
    # No source, ours: over all lags and metrics, so rarely is pure noise called periodic.
    chance: float = 0.01
    # No source, ours: the fast beginning is no part of a steady rhythm.
    skipped: float = 0.2
    # E2: nine of ten intervals are the median one, to a quarter.
    tolerance: float = 0.25
    regular: float = 0.9
