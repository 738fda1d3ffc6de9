"""S14: after the batch was raised, regularization ranges reach higher; once, and no others."""

from __future__ import annotations

import pytest
from tests.advise.contexts import changes
from tests.factories import RATE, experiment

from etude.advise.context import Context
from etude.advise.remedies.larger_batch import extend_regularization
from etude.advise.verdict import verdict
from etude.analyze.analysis import Analysis
from etude.design.studies import studies
from etude.space import Real

DROPOUT = Real(0.05, 0.4)
DECAY = Real(1e-6, 1e-2, log=True)
RANGES = {"learning_rate": RATE, "dropout": DROPOUT, "weight_decay": DECAY}


def after(before: int, now: int, **given: object) -> Context:
    """A round of a batch size after one of another; what is given is of the later one."""
    first = experiment(name="first", nuisance=RANGES, fixed={"batch_size": before})
    plain = {"name": "second", "parent": "first", "nuisance": RANGES, "fixed": {"batch_size": now}}
    question = experiment(**{**plain, **given})
    rounds = [Analysis(first, studies(first), [])]
    analysis = Analysis(question, studies(question), [], before=rounds)
    findings = analysis.findings
    return Context(analysis=analysis, findings=findings, verdict=verdict(analysis, findings))


def test_a_larger_batch_extends_every_regularization_range_upward():
    edits = changes(extend_regularization(after(32, 128)))

    assert [(path, part) for path, part, _ in edits] == [
        ("nuisance.dropout", "high"),
        ("nuisance.weight_decay", "high"),
    ]
    assert edits[0][2] > DROPOUT.high
    assert edits[1][2] > DECAY.high


def test_its_reason_names_both_sizes_and_its_rule():
    first, *_ = extend_regularization(after(32, 128))

    assert first.rule == "S14"
    assert "128, not 32," in first.edits[0].because


@pytest.mark.parametrize("now", [32, 16])
def test_the_same_batch_or_a_smaller_one_extends_nothing(now):
    assert extend_regularization(after(32, now)) == []


def test_a_range_that_reaches_higher_than_before_was_extended_already():
    wider = {**RANGES, "dropout": Real(0.05, 0.6)}

    edits = changes(extend_regularization(after(32, 128, nuisance=wider)))

    assert [path for path, *_ in edits] == ["nuisance.weight_decay"]


def test_without_a_round_before_nothing_was_raised():
    question = after(32, 128)
    alone = Analysis(question.experiment, question.studies, [])

    context = Context(analysis=alone, findings=question.findings, verdict=question.verdict)

    assert extend_regularization(context) == []
