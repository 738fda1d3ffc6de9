"""Every finding of every check keeps the form: few words, few digits, no rule id in front."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of
from tests.factories import RATE, experiment, two_optimizers
from tests.form import offences

from etude.advise.context import Context
from etude.analyze.registry import CHECKS
from etude.code import Code, CodeFile, Stretch
from etude.finding import Finding
from etude.record import POINT, Points
from etude.space import Choice, Real

TWO = experiment()
LONG = experiment(max_steps=2000)
COMPARED = two_optimizers()
KINDS = experiment(nuisance={"activation": Choice(["relu", "gelu", "tanh"]), "learning_rate": RATE})
LINEAR = experiment(nuisance={"learning_rate": Real(1e-3, 1.0), "share": Real(0.1, 0.9)})


@cache
def findings() -> tuple[Finding, ...]:
    """What the checks say of many rounds, in each of which another thing is wrong."""
    return tuple(finding for context in _contexts() for finding in context.findings)


def _contexts() -> Iterator[Context]:
    for question in (TWO, COMPARED):
        yield context_of(question)
    for make in (rounds.healthy, rounds.breaks_early, rounds.breaks_later, rounds.never_learns):
        yield make(LONG)
    for make in (rounds.spikes, rounds.improves_late, rounds.only_best_improves):
        yield make(LONG)
    for make in (rounds.improves_in_noise, rounds.best_steps_early, rounds.saturates):
        yield make(LONG)
    for make in (rounds.dense, rounds.edge, rounds.cliff, rounds.rate_held_down):
        yield make(TWO)
    for make in (rounds.overfits, rounds.breaks_anywhere):
        yield make(COMPARED)
    yield rounds.breaks_at_a_value(KINDS)
    yield rounds.cliff(LINEAR)
    yield rounds.by_value([0.1, 0.2, None], [0.3, None, None], question=COMPARED)
    yield _stopped_by_schedule()
    yield from (_with_data(few) for few in (2.0, 90.0))
    yield from (_without_reading(*names) for names in ((), ("share",), ("optimizer",)))
    yield from (_of_two_versions(older) for older in (0, 2, 3))
    yield from (_with_batch_norm(*sizes) for sizes in ((64, 64), (4, 4), (4, 64)))
    yield _with_batch_norm(16, 16, before=_with_batch_norm(128, 128))


def _with_data(few: float) -> Context:
    """The first trial told of its data: a skewed set with copies, and a class with few examples."""
    told = rounds.by_value([0.1, 0.2, 0.3], [0.3, 0.4, 0.5], question=COMPARED)
    records = list(told.analysis.records)
    known = {
        "examples": 300.0,
        "training_examples": 900.0,
        "copies": few,
        "training_copies": 0.0,
        "distance_of_labels": 0.23,
        "chance_of_labels": 1e-9,
        "examples_of_3": few,
    }
    names = (*records[0].points.names, *(f"data/{name}" for name in known))
    first = len(records[0].points.names)
    rows = [(0, at, value) for at, value in enumerate(known.values(), start=first)]
    rows_P = np.concatenate([records[0].points.rows_P, np.array(rows, dtype=POINT)])
    return context_of(COMPARED, [replace(records[0], points=Points(rows_P, names)), *records[1:]])


def _without_reading(*names: str) -> Context:
    """No training asked for these hyperparameters."""
    told = rounds.by_value([0.1, 0.2, 0.3], [0.3, 0.4, 0.5], question=COMPARED)
    return context_of(COMPARED, [replace(one, unread=names) for one in told.analysis.records])


def _with_batch_norm(*sizes: int, before: Context | None = None) -> Context:
    """Two studies, each with its batch and batch norm."""
    question = replace(COMPARED, fixed={"normalization": "batch"}, name=f"batch-{sizes[0]}")
    told = rounds.by_value([0.1, 0.2, 0.3], [0.3, 0.4, 0.5], question=question)
    records = [
        replace(one, setting={**one.setting, "batch_size": sizes[one.study == "optimizer=adam"]})
        for one in told.analysis.records
    ]
    return context_of(question, records, before=[before.analysis] if before else [])


def _stopped_by_schedule() -> Context:
    """Three of four trials were stopped half way."""
    question = replace(TWO, schedule="asha")
    records = rounds.dense(question, count=20).analysis.records
    return context_of(
        question,
        [
            replace(record, status="stopped", reason="schedule", steps=50)
            if record.id % 4
            else record
            for record in records
        ],
    )


def _of_two_versions(older: int) -> Context:
    """The first trials of each study were trained by an older version of the code."""
    codes = [Code((CodeFile("train.py", text, text),)) for text in ("x = 1", "x = 2")]
    told = rounds.by_value([0.1, 0.2, 0.3], [0.3, 0.4, 0.5], question=COMPARED)
    return context_of(
        COMPARED,
        [
            replace(one, stretches=(Stretch(0, launch, codes[launch - 1]),))
            for one in told.analysis.records
            for launch in [1 if one.id < older else 2]
        ],
    )


@pytest.mark.parametrize("check", [check.name for check in CHECKS])
def test_a_check_keeps_the_form(check):
    found = {
        offence: finding
        for finding in findings()
        if finding.check == check
        for offence in offences(finding)
    }

    assert found == {}


def test_every_check_spoke():
    assert {finding.check for finding in findings()} >= {check.name for check in CHECKS}
