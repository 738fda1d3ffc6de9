"""Regularizers: how strong is a nuisance, whether at all is scientific or fixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from ...experiment import Experiment
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding, Severity
from ...playbook.catalogue import Entry, known, known_switch
from ...space import Choice, Integer, Real
from ...study import Study
from ..catalogued import (
    hyperparameters,
    is_listed,
    literal,
    nuisance_line,
    path_of,
    role_phrase,
    strengths,
    subject_of,
    written,
)

# Status, headline, message and advice of a finding.
Remark: TypeAlias = tuple[Severity, str, str, str]


def findings(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """A strength asked about or searched as if its switch were part of it, and a searched switch.

    Silent about a strength that is searched among strengths above none, or fixed where whether it
    is there is not the question.

    Source: R9, C12.
    """
    remarks = []
    for hyperparameter in hyperparameters(experiment):
        entry = known(hyperparameter.name, experiment.names)
        if entry is not None and entry.switch and _is_strength(hyperparameter):
            remark = _strength(hyperparameter, entry, experiment)
        elif hyperparameter.role == "nuisance" and (
            entry := _regularizer(hyperparameter, experiment)
        ):
            remark = _nuisance_switch(hyperparameter, entry, experiment)
        else:
            remark = None
        if entry is not None and remark is not None:
            remarks.append(_finding(experiment, hyperparameter, entry, studies, remark))
    return remarks


def _finding(
    experiment: Experiment,
    hyperparameter: Hyperparameter,
    entry: Entry,
    studies: Sequence[Study],
    remark: Remark,
) -> Finding:
    status, headline, message, advice = remark
    return Finding(
        rule="R9",
        check="switches",
        status=status,
        subject=subject_of(hyperparameter, studies),
        headline=headline,
        message=message,
        evidence={
            "path": path_of(hyperparameter, experiment),
            "value": literal(hyperparameter),
            "regularizer": entry.name,
        },
        advice=advice,
    )


def _strength(strength: Hyperparameter, entry: Entry, experiment: Experiment) -> Remark | None:
    if strength.role == "scientific":
        return _scientific_strength(strength, entry)
    switches = [
        one
        for one in experiment.hyperparameters
        if one.role == "scientific" and _regularizer(one, experiment) == entry
    ]
    if strength.role == "nuisance":
        return _nuisance_strength(strength, entry, switches, experiment)
    names = {switch.name for switch in switches}
    is_tied = any(name in names or known(value) == entry for name, value in strength.when)
    if strengths(strength.value) == [entry.off] or not (is_tied or switches):
        return None
    name = strength.name
    return (
        "problem",
        f"Whether to have {_words(entry)} is asked at one strength, {written(strength)}",
        f"Whether to have {_words(entry)} is the question, but its strength `{name}` is fixed at "
        f"`{literal(strength)}`. The answer holds for this strength alone.",
        f"Give `{name}` values of its own in the configurations."
        if experiment.configurations
        else f"Move `{name}` to [nuisance], below the same condition, for example "
        f"{nuisance_line(strength, entry)}.",
    )


def _scientific_strength(strength: Hyperparameter, entry: Entry) -> Remark:
    values, text = strengths(strength.value), written(strength)
    above = [value for value in values if value != entry.off]
    advice = (
        f'Ask `{entry.switch} = ["off", "on"]` in [scientific], and tune '
        f"{nuisance_line(strength, entry)} below [nuisance.when.{entry.switch}.on]."
    )
    if len(above) == 1 and len(values) == 2:
        return (
            "problem",
            f"{text} asks whether to have {_words(entry)}, by one untuned strength",
            f"{text} asks whether to have {_words(entry)} by one strength that nobody tuned. The "
            "answer holds for this strength alone.",
            advice,
        )
    return (
        "notice",
        f"{text} asks for a strength, which is usually a nuisance",
        f"{text} is the strength of {_words(entry)} as the question. Its best value may change "
        "with whatever else changes: usually it is a nuisance, and whether it is there the "
        "question.",
        advice,
    )


def _nuisance_strength(
    strength: Hyperparameter,
    entry: Entry,
    switches: Sequence[Hyperparameter],
    experiment: Experiment,
) -> Remark | None:
    if _reaches_off(strength, entry):
        cause, change = _down_to_none(strength, entry, experiment)
        return (
            "notice",
            f"`{strength.name}` {cause} down to none",
            f"{written(strength)} {cause} down to none. Whether {_words(entry)} is there at all is "
            "then mixed up with how strong it is.",
            f"{change}, and fix whether it is there or make that the question.",
        )
    # No condition can stand over configurations.
    if switches and not strength.when and not is_listed(strength, experiment):
        switch = switches[0]
        return (
            "notice",
            f"`{strength.name}` is searched also where `{switch.name}` leaves it without effect",
            f"`{strength.name}` is searched in every study, also where `{switch.name}` leaves it "
            "without effect. Those studies search a dimension for nothing.",
            f"Put it below [nuisance.when.{switch.name}.VALUE], the value that switches it on.",
        )
    return None


def _down_to_none(
    strength: Hyperparameter, entry: Entry, experiment: Experiment
) -> tuple[str, str]:
    """How it came down to none, and what to change; nobody chose bounds that are the data's."""
    if is_listed(strength, experiment):
        return "varies over the configurations", "List values above none alone"
    above = f"above none, for example {nuisance_line(strength, entry)}"
    if strength.name in experiment.observed:
        return "was tried, as the data show,", f"In the next round, begin its range {above}"
    return "is searched", f"Begin the range {above}"


def _nuisance_switch(switch: Hyperparameter, entry: Entry, experiment: Experiment) -> Remark:
    listed = is_listed(switch, experiment)
    phrase = role_phrase(switch, experiment) if listed else "is searched as a nuisance"
    return (
        "notice",
        f"`{switch.name}` {phrase}, but whether {_words(entry)} is there is usually asked",
        f"Whether {_words(entry)} is there, {written(switch)}, {phrase}. That is usually the "
        "question, or fixed.",
        f"Move `{switch.name}` to [scientific] or to [fixed].",
    )


def _is_strength(hyperparameter: Hyperparameter) -> bool:
    return isinstance(hyperparameter.value, Real | Integer) or bool(strengths(hyperparameter.value))


def _reaches_off(strength: Hyperparameter, entry: Entry) -> bool:
    if isinstance(strength.value, Real | Integer):
        return entry.off is not None and strength.value.low <= entry.off
    return entry.off in strengths(strength.value)


def _regularizer(switch: Hyperparameter, experiment: Experiment) -> Entry | None:
    """What a hyperparameter switches on and off: its values are words or flags, no numbers."""
    is_switch = isinstance(switch.value, Choice) and not strengths(switch.value)
    return known_switch(switch.name, experiment.names) if is_switch else None


def _words(entry: Entry) -> str:
    return entry.name.replace("_", " ")
