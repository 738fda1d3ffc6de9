"""The evaluation set: whether it agrees with the training data, and what its size can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, final

from ...finding import Finding
from ...playbook.metrics import CHANCE_OF, DISTANCE_OF, EXAMPLES, TRAINING_EXAMPLES
from ...record import Record
from ...study import Study
from ...train.resolution import examples_to_resolve, selection_bias, selection_luck
from ...train.skew import unseen_share
from ...wording import number, percent, plural
from ..thresholds import EvaluationSampleThresholds
from ..views.evaluation_data import evaluation_data, own_records, validation_examples
from ..views.outcomes import outcomes, ranked
from ..views.rates import in_percent, standard_error

SHIPPED = EvaluationSampleThresholds()
PARTS = ("labels", "inputs")


@final
@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far validation and training data differ in labels or in inputs.

    Args:
        distance: The largest difference in the share of any group of values, 0 to 1.
        chance: How often fair samples differ by as much.
    """

    part: str
    distance: float
    chance: float


@final
@dataclass(frozen=True, kw_only=True)
class Size:
    """What the number of validation examples tells of the trials of the best study.

    Args:
        best: The best value, an error rate or its opposite.
        error: Its standard error.
        trials: The best was chosen from so many.
        bias: By how much the best of them looks better by chance, were all alike.
        luck: The same in one of twenty studies.
        spread: How much better the best is than the median trial.
        needed: The examples that would tell `spread`; 0 where that is nothing.
    """

    examples: int
    metric: str
    best: float
    error: float
    trials: int
    bias: float
    luck: float
    spread: float
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether chance alone would seldom make the best look as much better."""
        return self.spread > self.luck


@final
@dataclass(frozen=True, kw_only=True)
class EvaluationSample:
    """What is known of the evaluation set.

    Args:
        differences: In labels and inputs, as far as they were compared.
        size: None where the metric is no rate, or the examples are not counted.
        examples: Validation examples that were compared, and `training_examples`; 0: not known.
    """

    differences: tuple[Difference, ...]
    size: Size | None
    thresholds: EvaluationSampleThresholds
    examples: int = 0
    training_examples: int = 0

    @property
    def unseen(self) -> float | None:
        """A difference of a smaller share of the examples would pass for chance; None: not known.

        At least: of several columns each must differ more.
        """
        if not self.examples or not self.training_examples:
            return None
        chance = self.thresholds.chance
        return unseen_share(self.examples, self.training_examples, chance=chance)

    @property
    def smaller(self) -> str:
        """The smaller of the two sets."""
        return "validation" if self.examples <= self.training_examples else "training"

    @property
    def fewest(self) -> int:
        """Its examples."""
        return min(self.examples, self.training_examples)

    @property
    def skewed(self) -> tuple[Difference, ...]:
        """Those that are no chance, and large enough to matter."""
        limit = self.thresholds
        return tuple(
            one
            for one in self.differences
            if one.chance < limit.chance and one.distance >= limit.distance
        )


def evaluation_sample(
    studies: Sequence[Study],
    records: Sequence[Record],
    thresholds: EvaluationSampleThresholds = SHIPPED,
) -> EvaluationSample:
    """What trials logged of their evaluation data, and what so many examples can tell.

    The best of k trials that are all alike looks better than it is by the mean of the largest of k
    normal values, in standard errors, and in one of twenty studies by their 95 % quantile: where
    the best is ahead of the median by less than that, the choice may be nothing but chance.

    Source: E4, A1, Q10.
    """
    own = own_records(studies, records)
    known = evaluation_data(own)
    # A size that only the file tells is the verdict's to speak of.
    examples = validation_examples(studies, known) if known else None
    size = _size(studies, own, examples, thresholds)
    return replace(of_data(known, thresholds), size=size)


def of_data(
    known: Mapping[str, float], thresholds: EvaluationSampleThresholds = SHIPPED
) -> EvaluationSample:
    """What was logged of the data alone, before any trial tells what their size is worth.

    Source: E4.
    """
    return EvaluationSample(
        differences=differences(known),
        size=None,
        thresholds=thresholds,
        examples=int(known.get(EXAMPLES, 0.0)),
        training_examples=int(known.get(TRAINING_EXAMPLES, 0.0)),
    )


def differences(known: Mapping[str, float]) -> tuple[Difference, ...]:
    """What was logged of how validation and training data differ.

    Source: E4.
    """
    return tuple(
        Difference(
            part=part,
            distance=known[f"{DISTANCE_OF}{part}"],
            chance=known[f"{CHANCE_OF}{part}"],
        )
        for part in PARTS
        if {f"{DISTANCE_OF}{part}", f"{CHANCE_OF}{part}"} <= known.keys()
    )


def _size(
    studies: Sequence[Study],
    records: Sequence[Record],
    examples: int | None,
    thresholds: EvaluationSampleThresholds,
) -> Size | None:
    """Of the study with the best trial."""
    if examples is None:
        return None
    by_study = [(study, ranked(outcomes(study, records))) for study in studies]
    judged = [(study, those) for study, those in by_study if len(those) >= thresholds.min_trials]
    if not judged:
        return None
    study, those = min(judged, key=lambda pair: pair[1][0].loss)
    best = those[0].value or 0.0
    percent = in_percent(study.metric, those)
    error = standard_error(study.objective, best, examples, percent=percent)
    if error is None:
        return None
    spread = median(one.loss for one in those) - those[0].loss
    wrong = min(max(1.0 - best if study.maximize else best, spread), 1.0)
    return Size(
        examples=examples,
        metric=study.metric,
        best=best,
        error=error,
        trials=len(those),
        bias=selection_bias(len(those), error),
        luck=selection_luck(len(those), error),
        spread=spread,
        needed=examples_to_resolve(spread, wrong) if 0.0 < spread <= wrong else 0,
    )


def findings(result: EvaluationSample) -> list[Finding]:
    """A notice where it is skewed; `unclear` where too few examples would show it.

    `unclear` too where so many tell no trial from another.

    Nothing where nobody logged anything of the data: a report says that no check could see it.

    Source: E4.
    """
    return [*_of_differences(result), *_of_size(result)]


def _of_differences(result: EvaluationSample) -> Iterator[Finding]:
    if not result.differences:
        return
    skewed = result.skewed
    parts = " and ".join(one.part for one in skewed or result.differences)
    evidence = {
        one.part: {"distance": one.distance, "chance": one.chance} for one in result.differences
    }
    if not skewed:
        yield _of_likeness(result, parts, evidence)
        return
    worst = max(skewed, key=lambda one: one.distance)
    share = percent(worst.distance)
    yield Finding(
        rule="E4",
        check="evaluation_sample",
        status="notice",
        subject={},
        headline=f"Validation and training {parts} differ by up to {share} of the examples",
        message=f"Validation and training data differ in their {parts}, by up to {share} of the "
        f"examples: fair samples of one set do so in {percent(worst.chance)} of cases. A value on "
        "them may not hold for what the model is for.",
        evidence={"data": evidence, "chance": result.thresholds.chance},
        advice="Draw the validation data at random from all data, group by group where they have "
        "groups, or say in `notes` why they differ.",
        kind="skew",
    )


def _of_likeness(result: EvaluationSample, parts: str, evidence: dict[str, Any]) -> Finding:
    """No difference shows; how large a one would not show either is told with it."""
    unseen = result.unseen
    blind = unseen is not None and unseen > result.thresholds.unseen
    few = f"{plural(result.fewest, 'example')} of {result.smaller} data"
    claim = f"Validation and training data agree in their {parts}"
    message = f"{claim}, as two samples of one set do."
    if unseen is not None:
        small = f"less than {percent(unseen)} of the examples"
        message = (
            f"No difference shows in their {parts}, but with {few} one of {small} would not."
            if blind
            else f"{message} A difference of {small} would not show."
        )
    return Finding(
        rule="E4",
        check="evaluation_sample",
        status="unclear" if blind else "ok",
        subject={},
        headline=f"Whether validation and training {parts} differ is open" if blind else claim,
        message=message,
        evidence={
            "data": evidence,
            "chance": result.thresholds.chance,
            "examples": result.examples or None,
            "training_examples": result.training_examples or None,
            "unseen": unseen,
        },
        advice=f"Take more {result.smaller} data, drawn at random." if blind else "",
        kind="skew",
    )


def _of_size(result: EvaluationSample) -> Iterator[Finding]:
    size = result.size
    if size is None:
        return
    best, error = number(size.best, 2), number(size.error, 2)
    ahead, bias, luck = (number(one, 2) for one in (size.spread, size.bias, size.luck))
    examples = plural(size.examples, "example")
    claim = f"{examples.capitalize()} tell the best trial from the median"
    needed = f"{size.needed:,}" if size.needed else "more"
    yield Finding(
        rule="E4",
        check="evaluation_sample",
        status="ok" if size.is_enough else "unclear",
        subject={},
        headline=claim
        if size.is_enough
        else f"Whether {examples} tell the best trial from the median is open",
        message=f"On {examples} the best {size.metric} of {best} is known to {error} (a standard "
        f"error). It is {ahead} ahead of the median of {plural(size.trials, 'trial')}; the best of "
        f"as many alike would look {bias} better by chance, and {luck} in one study of 20.",
        evidence={
            "examples": size.examples,
            "standard_error": size.error,
            "trials": size.trials,
            "selection_bias": size.bias,
            "selection_luck": size.luck,
            "spread": size.spread,
            "examples_needed": size.needed or None,
        },
        advice=""
        if size.is_enough
        else f"Validate on {needed} examples, which would tell such a difference apart.",
        kind="size",
    )
