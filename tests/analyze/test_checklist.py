from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etude.analyze.checklist import NOT_CHECKED, findings
from etude.design.split import split
from etude.finding import CHECKS
from etude.record import Record, Records
from etude.rules import sentences

from .trials import at_units, experiment, one_study, two_optimizers, valley

UNITS = st.lists(st.floats(0, 1), min_size=2, max_size=2)
# Whole numbers, so that scaling is exact; None is infeasible.
TRIALS = st.lists(st.tuples(UNITS, st.none() | st.integers(-40, 40)), max_size=30)


def statuses(records: list[Record], *, maximize: bool = False) -> list[tuple[str, str]]:
    study = one_study(maximize=maximize)
    found = findings([study], records, experiment(maximize=maximize))
    return [(each.check, each.status) for each in found]


def trials(drawn, factor: float, offset: float, *, maximize: bool = False) -> list[Record]:
    values = [None if value is None else factor * value + offset for _, value in drawn]
    return at_units(one_study(maximize=maximize), [unit for unit, _ in drawn], values)


@given(drawn=TRIALS, order=st.randoms(use_true_random=False))
def test_shuffling_trials_changes_no_finding(drawn, order):
    study, question = one_study(), experiment()
    records = trials(drawn, 1.0, 0.0)
    shuffled = order.sample(records, len(records))

    assert findings([study], Records.of(shuffled), question) == findings([study], records, question)


@given(drawn=TRIALS, factor=st.sampled_from([0.125, 2.0, 1024.0]), offset=st.integers(-9, 9))
def test_rescaling_the_metric_changes_no_status(drawn, factor, offset):
    assert statuses(trials(drawn, factor, offset)) == statuses(trials(drawn, 1.0, 0.0))


@given(drawn=TRIALS)
def test_maximizing_the_negative_changes_no_status(drawn):
    mirrored = trials(drawn, -1.0, 0.0, maximize=True)

    assert statuses(mirrored, maximize=True) == statuses(trials(drawn, 1.0, 0.0))


def test_every_check_speaks_even_where_all_is_well():
    question = two_optimizers()
    studies = split(question)
    records = [*valley(studies[0], [0.5, 0.5]), *valley(studies[1], [0.5, 0.5], begin=20)]

    assert {each.check for each in findings(studies, records, question)} == set(CHECKS)


def test_the_trials_of_other_studies_change_nothing():
    adam, nesterov = split(two_optimizers())
    mine = valley(adam, [0.5, 0.5])
    others = valley(nesterov, [1.2, 0.5], begin=20)

    assert findings([adam], mine + others, two_optimizers()) == findings(
        [adam], mine, two_optimizers()
    )


@pytest.mark.parametrize("rule", NOT_CHECKED)
def test_what_is_not_checked_is_a_rule(rule):
    assert rule in sentences()


def test_what_is_not_checked_has_no_finding():
    records = valley(one_study(), [1.2, 0.5])
    broken = [replace(each, status="infeasible", reason="nan") for each in records[:9]]

    found = findings([one_study()], broken + records[9:], experiment())

    assert not {each.rule for each in found} & set(NOT_CHECKED)
