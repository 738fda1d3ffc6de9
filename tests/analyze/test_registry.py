from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import factories
from tests.factories import RATE, SHARE, experiment, record, two_optimizers

from etude.advise.verdict import verdict as judged
from etude.analyze.analysis import Analysis
from etude.analyze.registry import CHECKS, NOT_CHECKED
from etude.design.split import split
from etude.finding import to_json
from etude.playbook.rules import sentences
from etude.record import Record, Records
from etude.report.check_figures import CHARTS, WITHOUT_CHART
from etude.search.sobol import points

from . import test_curve_laws, test_shape_laws, test_where_trials_lie
from .trials import at_units, findings, valley

ROOT = Path(__file__).parents[2]
# What is known of the data is spoken of where trials logged it, and only there.
OF_DATA = {"evaluation_sample", "rare_class"}
# What a schedule stopped is spoken of only where there is a schedule, code where it is known, and
# what nobody read where trials noted what they read, and batch norm where there is one.
SPEAKING = {check.name for check in CHECKS} - {"schedule", "code", "unread", "batch_norm", *OF_DATA}
CHECK_FILES = sorted((ROOT / "src/etude/analyze/checks").glob("[a-z]*.py"))
# Those that speak of single trials, and not where there are none.
OF_TRIALS = {"saturated", "training_loss_rises", "periodicity"}
UNITS = st.lists(st.floats(0, 1), min_size=2, max_size=2)
# Whole numbers, so that scaling is exact; None is infeasible.
TRIALS = st.lists(st.tuples(UNITS, st.none() | st.integers(-40, 40)), max_size=30)


# Where the laws of the other checks stand: those below hold for the whole registry.
OTHER_LAWS = {
    "schedule": "it counts trials that a schedule stopped, and looks at no value",
    "evaluation_kind": "test_evaluation_kind.py has its own, on what a series is a mean of",
    "evaluation_sample": "it looks at what was logged of the data",
    "rare_class": "it looks at what was logged of the data",
    "sampling_luck": "test_sampling_luck.py has its own, on the bootstrap",
    "trial_noise": "test_trial_noise.py has its own, on repeated settings",
    "importance": "test_importance.py has its own, on ranks",
    "code": "it looks at no value",
    "fixed_caveats": "it looks at no trial",
    "unread": "it looks at no value",
    "batch_norm": "it looks at no value of the metric",
}


def statuses(records: list[Record], *, maximize: bool = False) -> list[tuple[str, str]]:
    study = factories.study(maximize=maximize)
    found = findings([study], records, experiment(maximize=maximize))
    return [(each.check, each.status) for each in found]


def trials(drawn, factor: float, offset: float, *, maximize: bool = False) -> list[Record]:
    values = [None if value is None else factor * value + offset for _, value in drawn]
    return at_units(factories.study(maximize=maximize), [unit for unit, _ in drawn], values)


@given(drawn=TRIALS, order=st.randoms(use_true_random=False))
def test_shuffling_trials_changes_no_finding(drawn, order):
    study, question = factories.study(), experiment()
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

    assert {each.check for each in findings(studies, records, question)} == SPEAKING


def test_the_trials_of_other_studies_change_nothing():
    adam, nesterov = split(two_optimizers())
    mine = valley(adam, [0.5, 0.5])
    others = valley(nesterov, [1.2, 0.5], begin=20)

    assert findings([adam], mine + others, two_optimizers()) == findings(
        [adam], mine, two_optimizers()
    )


def test_what_is_not_checked_is_a_rule():
    assert set(NOT_CHECKED) <= set(sentences())


def test_what_is_not_checked_has_no_finding():
    records = valley(factories.study(), [1.2, 0.5])
    broken = [replace(each, status="infeasible", reason="nan") for each in records[:9]]

    found = findings([factories.study()], broken + records[9:], experiment())

    assert not {each.rule for each in found} & set(NOT_CHECKED)


NAN = float("nan")
INF = float("inf")
# Values of each trial of a study: what a broken pipeline, or a first try, leaves behind.
ODD: dict[str, list[list[float] | None]] = {
    "no trial": [],
    "one trial": [[0.5, 0.4, 0.3]],
    "one step": [[0.5]] * 12,
    "no value": [[]] * 12,
    "only NaN": [[NAN, NAN]] * 12,
    "infinite": [[INF, -INF, 0.5]] * 12,
    "constant": [[0.5] * 40] * 12,
    "all infeasible": [None] * 12,
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_study_is_judged_without_a_crash(kind):
    study, question = factories.study(), experiment()
    units = points(2, 7, len(ODD[kind])).tolist()
    records = [
        record(study, trial, values, study.space.setting(unit_D))
        for trial, (unit_D, values) in enumerate(zip(units, ODD[kind], strict=True))
    ]

    found = findings([study], records, question)

    assert {each.check for each in found} >= SPEAKING - {"fixed_caveats"} - OF_TRIALS
    assert json.dumps([to_json(each) for each in found], allow_nan=False)
    assert judged(Analysis(question, [study], records), found).status in ("unclear", "no_question")


def test_renamed_hyperparameters_change_no_status():
    domains = {"a": RATE, "b": SHARE}
    plain, renamed = (
        factories.study(domains),
        factories.study({f"x_{one}": domains[one] for one in domains}),
    )

    found = [
        [(each.check, each.rule, each.status) for each in findings([study], trials, experiment())]
        for study, trials in ((each, valley(each, [1.1, 0.5])) for each in (plain, renamed))
    ]

    assert found[0] == found[1]


@pytest.mark.parametrize("kind", ["one trial", "only NaN", "constant", "all infeasible"])
def test_a_finding_has_a_rule_that_its_check_is_registered_under(kind):
    study, rules = factories.study(), {check.name: check.rules for check in CHECKS}
    units = points(2, 7, len(ODD[kind])).tolist()
    records = [
        record(study, trial, values, study.space.setting(unit_D))
        for trial, (unit_D, values) in enumerate(zip(units, ODD[kind], strict=True))
    ]

    found = findings([study], records, experiment())

    assert [each for each in found if each.rule not in rules[each.check]] == []


def test_a_check_is_registered_under_rules_that_there_are():
    named = {rule for check in CHECKS for rule in check.rules}

    assert named - sentences().keys() == set()


def module_of(check) -> str:
    """The module of a check, `boundary`: its file, its tests and its chart have that name."""
    return str(check.result.__module__).rpartition(".")[2]


def test_every_check_has_a_chart_of_its_name_with_a_title_or_says_why_not():
    offenders = [
        check.name
        for check in CHECKS
        if check.name in CHARTS
        and not (check.title and CHARTS[check.name].__name__ == f"etude.plot.{check.name}")
    ]

    assert offenders == []
    assert CHARTS.keys() | WITHOUT_CHART.keys() == {check.name for check in CHECKS}
    assert not CHARTS.keys() & WITHOUT_CHART.keys()


def test_a_check_with_a_title_is_drawn_by_a_file_of_its_name():
    offenders = [
        check.name
        for check in CHECKS
        if check.title and not (ROOT / "src/etude/plot" / f"{check.name}.py").is_file()
    ]

    assert offenders == []


def test_every_check_has_a_row_in_the_docs():
    rows = (ROOT / "docs/checking.md").read_text().splitlines()

    offenders = [
        check.name
        for check in CHECKS
        if not any(row.startswith(f"| `{check.name}` |") for row in rows)
    ]

    assert offenders == []


def test_every_chart_of_a_check_has_tests_in_a_file_of_its_name():
    tests = ROOT / "tests" / "plot"

    assert [name for name in CHARTS if not (tests / f"test_{name}.py").is_file()] == []


def test_a_check_that_stands_in_its_folder_is_registered():
    checks = [import_module(f"etude.analyze.checks.{path.stem}") for path in CHECK_FILES]
    whole = {
        module.__name__.rpartition(".")[2]
        for module in checks
        if hasattr(module, "findings") and hasattr(module, module.__name__.rpartition(".")[2])
    }

    # What holds the best rate down is a part of stability, judged with it.
    assert whole - {module_of(check) for check in CHECKS} == {"stability_limit"}


def test_every_check_has_tests_in_a_file_of_its_name():
    tests = Path(__file__).parent / "checks"

    offenders = [
        check.name for check in CHECKS if not (tests / f"test_{module_of(check)}.py").is_file()
    ]

    assert offenders == []


def test_every_check_obeys_the_laws_of_its_kind_or_says_where_its_own_are():
    of_places = {check.name for check in test_where_trials_lie.OF_PLACES}
    under_law = test_curve_laws.CHECKS.keys() | test_shape_laws.CHECKS.keys() | of_places

    assert under_law | OTHER_LAWS.keys() == {check.name for check in CHECKS}
    assert not under_law & OTHER_LAWS.keys()
