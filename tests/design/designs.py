"""Designs at hand, for the tests of the rules that speak of them."""

from __future__ import annotations

import dataclasses

from tests.factories import experiment
from tests.form import offences

from etude.design.checks import findings
from etude.design.split import split
from etude.experiment import Experiment
from etude.finding import Finding
from etude.space import Real

RATE = Real(1e-4, 1.0, log=True)
BETA = Real(0.7, 0.999, scale="one_minus_log")
DECAY = Real(1e-6, 1e-2, log=True)


def design(**given: object) -> Experiment:
    """A fair comparison of two activations, which no rule speaks against."""
    plain: dict[str, object] = {
        "name": "second",
        "evaluations": 50,
        "scientific": {"activation": ["relu", "gelu"]},
        "nuisance": {"learning_rate": RATE},
        "fixed": {"batch_size": 64},
    }
    return experiment(**{**plain, **given})


def listed(*rows: dict[str, object], **given: object) -> Experiment:
    """The comparison with its settings listed by hand."""
    plain: dict[str, object] = {"trials": 0, "nuisance": {}, "fixed": {}}
    return design(**{**plain, "configurations": rows, **given})


def findings_of(
    experiment: Experiment,
    rule: str = "",
    *,
    parent: Experiment | None = None,
    trials: tuple[int, ...] = (),
) -> list[Finding]:
    """The findings of one rule, or of all; studies have these trials where they are given.

    Whatever a test has said keeps the form: each kind of message is in some test.
    """
    studies = split(experiment)
    with_trials = [
        dataclasses.replace(study, max_trials=count)
        for study, count in zip(studies, trials, strict=False)
    ]
    every = findings(experiment, with_trials or studies, parent)
    assert [(one.headline, offence) for one in every for offence in offences(one)] == []
    return [finding for finding in every if rule in ("", finding.rule)]


def statuses(experiment: Experiment, rule: str, **given: object) -> list[str]:
    return [finding.status for finding in findings_of(experiment, rule, **given)]
