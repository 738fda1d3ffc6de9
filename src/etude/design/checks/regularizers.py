"""Regularizers: how strong is a nuisance, whether at all is scientific or fixed."""

from __future__ import annotations

from collections.abc import Sequence

from ...experiment import Experiment
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding, Severity
from ...playbook.catalogue import Entry, known, known_switch
from ...space import Choice, Integer, Real
from ...study import Study
from ..catalogued import (
    about,
    is_listed,
    members,
    nuisance_line,
    part,
    path_of,
    shown,
    strengths,
)


def findings(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """A strength asked about or searched as if its switch were part of it, and a searched switch.

    Silent about a strength that is searched among strengths above none, or fixed where whether it
    is there is not the question.

    Source: R9, C12.
    """
    found = []
    for one in members(experiment):
        entry = known(one.name)
        if entry is not None and entry.switch and _is_strength(one):
            said = _strength(one, entry, experiment)
        elif one.role == "nuisance" and (entry := _switched(one)) is not None:
            said = _searched_switch(one, entry, experiment)
        else:
            said = None
        if entry is not None and said is not None:
            found.append(_finding(experiment, one, entry, studies, said))
    return found


def _finding(
    experiment: Experiment,
    one: Hyperparameter,
    entry: Entry,
    studies: Sequence[Study],
    said: tuple[Severity, str, str],
) -> Finding:
    status, message, advice = said
    return Finding(
        rule="R9",
        check="switches",
        status=status,
        subject=about(one, studies),
        message=message,
        evidence={"path": path_of(one, experiment), "value": shown(one), "regularizer": entry.name},
        advice=advice,
    )


def _strength(
    one: Hyperparameter, entry: Entry, experiment: Experiment
) -> tuple[Severity, str, str] | None:
    if one.role == "scientific":
        return _asked(one, entry)
    switches = [
        each
        for each in experiment.hyperparameters
        if each.role == "scientific" and _switched(each) == entry
    ]
    if one.role == "nuisance":
        return _searched(one, entry, switches, experiment)
    tied = any(
        name in {each.name for each in switches} or known(v) == entry for name, v in one.when
    )
    if strengths(one.value) == [entry.off] or not (tied or switches):
        return None
    return (
        "problem",
        f"Whether to have {_words(entry)} is the question, but its strength `{one.name}` is fixed "
        f"at {shown(one)}: the answer holds for this strength alone (R9).",
        f"Give `{one.name}` values of its own in the configurations."
        if experiment.configurations
        else f"Move `{one.name}` to [nuisance], below the same condition, for example "
        f"{nuisance_line(one, entry)}.",
    )


def _asked(one: Hyperparameter, entry: Entry) -> tuple[Severity, str, str]:
    values = strengths(one.value)
    above = [value for value in values if value != entry.off]
    advice = (
        f'Ask `{entry.switch} = ["off", "on"]` in [scientific], and tune '
        f"{nuisance_line(one, entry)} below [nuisance.when.{entry.switch}.on]."
    )
    if len(above) == 1 and len(values) == 2:
        return (
            "problem",
            f"`{one.name}` ({shown(one)}) asks whether to have {_words(entry)} by one strength "
            "that nobody tuned: the answer holds for this strength alone (R9).",
            advice,
        )
    return (
        "notice",
        f"`{one.name}` ({shown(one)}) is the strength of {_words(entry)} as the question: its best "
        "value changes with whatever else changes, so it is usually a nuisance, and whether it is "
        "there the question (R9).",
        advice,
    )


def _searched(
    one: Hyperparameter,
    entry: Entry,
    switches: Sequence[Hyperparameter],
    experiment: Experiment,
) -> tuple[Severity, str, str] | None:
    if _reaches_off(one, entry):
        what, change = _down_to_none(one, entry, experiment)
        return (
            "notice",
            f"`{one.name}` ({shown(one)}) {what} down to none: whether {_words(entry)} is "
            "there at all is then mixed up with how strong it is (R9).",
            f"{change}, and fix whether it is there or make that the question.",
        )
    loose = [each for each in switches if each.name not in dict(one.when)]
    if (
        loose and not one.when and not is_listed(one, experiment)
    ):  # no condition can stand over configurations
        switch = loose[0]
        return (
            "notice",
            f"`{one.name}` is searched in every study, also where `{switch.name}` leaves it "
            "without effect (R9, R11): those studies search a dimension for nothing.",
            f"Put it below [nuisance.when.{switch.name}.VALUE], the value that switches it on.",
        )
    return None


def _down_to_none(one: Hyperparameter, entry: Entry, experiment: Experiment) -> tuple[str, str]:
    """How it came down to none, and what to change; nobody chose bounds that are the data's."""
    if is_listed(one, experiment):
        return "varies over the configurations", "List values above none alone"
    above = f"above none, for example {nuisance_line(one, entry)}"
    if one.name in experiment.observed:
        return "was tried, as the data show,", f"In the next round, begin its range {above}"
    return "is searched", f"Begin the range {above}"


def _searched_switch(
    one: Hyperparameter, entry: Entry, experiment: Experiment
) -> tuple[Severity, str, str]:
    listed = is_listed(one, experiment)
    said = part(one, experiment) if listed else "is searched as a nuisance"
    return (
        "notice",
        f"Whether {_words(entry)} is there, `{one.name}` ({shown(one)}), {said}: it is usually the "
        "question or fixed (R9).",
        f"Move `{one.name}` to [scientific] or to [fixed].",
    )


def _is_strength(one: Hyperparameter) -> bool:
    return isinstance(one.value, Real | Integer) or bool(strengths(one.value))


def _reaches_off(one: Hyperparameter, entry: Entry) -> bool:
    if isinstance(one.value, Real | Integer):
        return entry.off is not None and one.value.low <= entry.off
    return entry.off in strengths(one.value)


def _switched(one: Hyperparameter) -> Entry | None:
    """What this hyperparameter switches on and off: its values are words or flags, no numbers."""
    is_switch = isinstance(one.value, Choice) and not strengths(one.value)
    return known_switch(one.name) if is_switch else None


def _words(entry: Entry) -> str:
    return entry.name.replace("_", " ")
