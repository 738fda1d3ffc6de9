"""The sampling error of the best values on the validation data, as a reason to doubt."""

from __future__ import annotations

from collections.abc import Sequence

from ..analyze.views.rates import in_percent, is_rate
from ..experiment import Experiment
from ..finding import Caveat
from ..wording import number, plural, quantity
from .ranking import RankedStudy
from .weights import SAMPLING_ERROR


def sampling_error(experiment: Experiment, valued_studies: Sequence[RankedStudy]) -> Caveat:
    """How far the validation data move the best value, or why that is not known.

    Source: A1.
    """
    metric = experiment.metric
    errors = [
        f"`{study.study.name}` {number(study.standard_error, 2)}"
        for study in valued_studies
        if study.standard_error is not None
    ]
    if len(errors) == len(valued_studies):
        examples = experiment.validation_examples or 0
        error = number(valued_studies[0].standard_error, 2)
        return Caveat(
            text=f"On {quantity(examples, 'example')} the best value is known to {error} (one "
            "standard error)",
            rules=("A1",),
            weight=SAMPLING_ERROR,
            topic="luck",
            detail=f"on {plural(examples, 'validation example')} the standard error of "
            f"{metric} is {', '.join(errors)}; it is counted as if the studies did not share the "
            "examples, which is cautious.",
        )
    unknown = f"the sampling error of {metric} on the validation data is not known"
    if experiment.validation_examples is not None:
        return _uncounted(metric, valued_studies, unknown)
    if not is_rate(metric):
        return Caveat(
            text=f"How far the validation data move `{metric}` is not known",
            rules=("A1",),
            weight=SAMPLING_ERROR / 2,
            topic="luck",
            detail=f"{unknown}.",
        )
    return Caveat(
        text=f"How many examples `{metric}` counts is not known: set `validation_examples`",
        rules=("A1",),
        weight=SAMPLING_ERROR,
        topic="luck",
        detail=f"{unknown}; set `validation_examples` to have it counted.",
    )


def _uncounted(metric: str, valued_studies: Sequence[RankedStudy], unknown: str) -> Caveat:
    """Why `validation_examples` does not help: the metric is no share of examples as it stands."""
    values = [study.best.value for study in valued_studies if study.best and study.best.value]
    reached = max(values, key=abs, default=0.0)
    needs = "`validation_examples` needs a rate from 0 to 1"
    is_percent = any(in_percent(metric, study.outcomes) for study in valued_studies)
    text = f"{needs}, and `{metric}` is not known as one"
    if is_percent:
        text = f"{needs}; `{metric}` reaches {number(reached)}"
        if abs(reached) <= 1:
            text = f"{needs}; `{metric}` is told in percent"
    cure = "; report it as a share, not in percent" if is_percent else ""
    return Caveat(
        text=text,
        rules=("A1",),
        weight=SAMPLING_ERROR if is_percent else SAMPLING_ERROR / 2,
        topic="luck",
        detail=f"{unknown}: {text}{cure}.",
    )
