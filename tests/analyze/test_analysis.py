"""What holds for every result of a round, whoever asks for it and in whatever order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories import experiment, two_optimizers

from etude.analyze import analysis as module
from etude.analyze.analysis import Analysis
from etude.analyze.registry import CHECKS
from etude.design.split import split
from etude.design.studies import studies as designed
from etude.report.figures import figures

from .trials import valley

OPTIMIZERS = {"optimizer": ["adam", "nesterov"]}


def of_split() -> Analysis:
    question = two_optimizers()
    adam, nesterov = split(question)
    records = [*valley(adam, [1.1, 0.5]), *valley(nesterov, [0.4, 0.5], begin=20)]
    return Analysis(question, [adam, nesterov], records)


def of_merged() -> Analysis:
    question = experiment(scientific=OPTIMIZERS, studies="merged", trials=40)
    whole = designed(question)[0]
    return Analysis(question, [whole], valley(whole, [0.2, 1.1, 0.5], count=40))


# Checks that look at all studies together.
OF_ALL = {of: {"all studies"} for of in ("studies", "records", "trials")}
EXPERIMENTS = {"split": of_split, "merged": of_merged}
experiments = pytest.mark.parametrize("kind", EXPERIMENTS)


@pytest.fixture
def calls(monkeypatch):
    """How often each check computed a result, by its name and what it looked at."""
    calls: Counter[tuple[str, str]] = Counter()

    def counted(check):
        def result(study, *given, **named):
            of = "all studies" if check.of in OF_ALL else study.name
            calls[check.name, of] += 1
            return check.result(study, *given, **named)

        return replace(check, result=result)

    wrapped = [counted(check) for check in CHECKS]
    by_result = {check.result: one for check, one in zip(CHECKS, wrapped, strict=True)}
    monkeypatch.setattr(module, "CHECKS", tuple(wrapped))
    monkeypatch.setattr(module, "_BY_RESULT", by_result)
    return calls


def expected(analysis: Analysis) -> set[tuple[str, str]]:
    """Every check with each of its subjects."""
    names = {study.name for study in analysis.studies}
    shares = {share.name for share in analysis.compared_studies}
    return {
        (check.name, of)
        for check in CHECKS
        for of in {**OF_ALL, "shares": shares}.get(check.of, names)
    }


@experiments
def test_findings_and_charts_call_each_check_once(kind, calls):
    analysis = EXPERIMENTS[kind]()

    findings, charts = analysis.findings, figures(analysis)

    assert findings
    assert charts
    assert set(calls.values()) == {1}
    assert calls.keys() == expected(analysis)


@experiments
def test_charts_before_findings_call_each_check_once(kind, calls):
    analysis = EXPERIMENTS[kind]()

    figures(analysis)
    figures(analysis, findings=analysis.findings)

    assert set(calls.values()) == {1}


def ask(analysis: Analysis, question: str) -> None:
    """Asks for a part of the analysis: its shares, the findings, the trials, or one check."""
    check = next((check for check in CHECKS if check.name == question), None)
    if check is None:
        getattr(analysis, question)
        return
    studies = analysis.compared_studies if check.of == "shares" else analysis.studies
    for study in studies:
        analysis.result(study, check.result)


QUESTIONS = [
    "compared_studies",
    "findings",
    *(check.name for check in CHECKS if check.of not in OF_ALL),
]


@experiments
@settings(max_examples=6, deadline=None)
@given(order=st.permutations(QUESTIONS))
def test_whatever_is_asked_first_the_findings_are_the_same(kind, order):
    analysis = EXPERIMENTS[kind]()

    for question in order:
        ask(analysis, question)

    assert analysis.findings == EXPERIMENTS[kind]().findings


@experiments
def test_a_result_is_the_same_object_for_all_who_ask(kind):
    analysis = EXPERIMENTS[kind]()
    of_study = [check.result for check in CHECKS if check.of in ("outcomes", "curves")]

    pairs = [
        (analysis.result(study, result), analysis.result(study, result))
        for study in analysis.studies
        for result in of_study
    ]

    assert all(first is second for first, second in pairs)
