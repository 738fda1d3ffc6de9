from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from tests import factories
from tests.factories import record

from etude.analyze.checks.sampling_luck import findings, sampling_luck
from etude.analyze.statistics.bootstrap import best_of
from etude.analyze.views.outcomes import outcomes

from ..trials import at_units, valley


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (5, []), (6, [6]), (20, [6, 20]), (150, [6, 20, 100, 150])]
)
def test_a_study_speaks_of_no_more_trials_than_it_has(count, sizes):
    study = factories.study()

    luck = sampling_luck(study, outcomes(study, valley(study, [0.5, 0.5], count)))

    assert [budget.trials for budget in luck.budgets] == sizes


def test_more_trials_are_better_and_spread_less():
    study = factories.study()

    small, whole = sampling_luck(study, outcomes(study, valley(study, [0.5, 0.5], 20))).budgets

    assert whole.median < small.median
    assert whole.high - whole.low < small.high - small.low


def test_the_best_of_k_draws_has_its_closed_form():
    losses = [float(k) for k in range(10)]

    best_BxS = best_of(losses, [3], seed=0, n_bootstrap=200_000)

    above = [(1 - k / 10) ** 3 for k in range(1, 10)]  # the chance that all three miss the best k
    assert [np.mean(best_BxS >= k) for k in range(1, 10)] == pytest.approx(above, abs=0.005)


def test_infeasible_trials_are_draws_that_give_nothing():
    best_BxS = best_of([0.1] + [float("inf")] * 9, [1], seed=0)

    assert np.mean(np.isinf(best_BxS)) == pytest.approx(0.9, abs=0.02)


def test_no_trials_give_nothing():
    assert np.isinf(best_of([], [5], seed=0, n_bootstrap=3)).all()


def test_the_middle_of_other_studies_is_the_best_at_hand():
    study = factories.study()

    whole = sampling_luck(study, outcomes(study, valley(study, [0.4, 0.6], 20))).budgets[-1]

    assert whole.median == sampling_luck(study, outcomes(study, valley(study, [0.4, 0.6], 20))).best


@pytest.mark.rule("Q10")
def test_the_finding_says_where_another_search_would_end():
    study = factories.study(metric="valid/loss")

    found = findings(sampling_luck(study, outcomes(study, valley(study, [0.4, 0.6], 20, height=1))))
    said = found[0]

    assert said.headline.startswith(
        "Another such search of the study would end between 0.791 and 1.08"
    )
    assert "Nine in ten searches like the study would end with a best valid/loss" in said.message
    assert "With 6 trials:" in said.message


def test_an_end_beyond_zero_is_not_said():
    study = factories.study(metric="valid/loss")

    found = findings(sampling_luck(study, outcomes(study, valley(study, [0.4, 0.6], 20))))[0]

    assert re.search(r"would end at 0\.\d+ or below$", found.headline)


def test_where_only_the_seed_differs_the_luck_is_not_that_of_a_search():
    study = factories.study()
    untuned = replace(study, space=replace(study.space, domains={}))
    records = [record(untuned, k, 0.1 * k, {}) for k in range(20)]

    assert (
        "differ only by their seed"
        in findings(sampling_luck(untuned, outcomes(untuned, records)))[0].message
    )


def test_maximize_turns_the_interval_around():
    lower, higher = factories.study(), factories.study(maximize=True)
    values = [0.1 * k for k in range(20)]
    units = [[0.5, 0.5]] * 20

    least = sampling_luck(lower, outcomes(lower, at_units(lower, units, values))).budgets[-1]
    most = sampling_luck(
        higher, outcomes(higher, at_units(higher, units, [-value for value in values]))
    ).budgets[-1]

    assert (most.low, most.high) == (-least.high, -least.low)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([], "unclear"),
        ([None] * 20, "unclear"),
        ([0.1] * 5, "unclear"),
        ([0.1] * 20, "ok"),
        ([0.1 * k for k in range(20)], "notice"),
    ],
)
def test_luck_is_a_notice_where_it_moves_the_best(values, status):
    study = factories.study()
    records = at_units(study, [[0.5, 0.5]] * len(values), values)

    assert findings(sampling_luck(study, outcomes(study, records)))[0].status == status


UNITS = np.random.default_rng(0).random((24, 2)).tolist()
IMPORTED = replace(factories.study(), search="imported")
FEW = [UNITS[at % 6] for at in range(24)]
CROSSED = [[at % 6 / 5, at // 6 / 3] for at in range(24)]
CROWD = [[0.5 + 0.1 * unit[0], 0.5] for unit in UNITS]


@pytest.mark.parametrize(
    ("study", "units", "reason"),
    [
        (replace(factories.study(), search="bayesian"), UNITS, "the search follows its results"),
        (replace(factories.study(), search="grid"), UNITS, "its settings lie on a grid"),
        (IMPORTED, FEW, "only 6 settings were tried"),
        (IMPORTED, CROWD, "its trials are not evenly spread"),
        (IMPORTED, CROSSED, "its settings lie on a grid"),
        (IMPORTED, [[unit[0] ** 4, unit[1]] for unit in UNITS], "its trials are not evenly spread"),
    ],
)
def test_trials_that_are_no_draws_say_nothing_of_another_search(study, units, reason):
    values = [0.1 + 0.01 * k for k in range(24)]

    (found,) = findings(sampling_luck(study, outcomes(study, at_units(study, units, values))))

    assert (found.status, found.evidence["budgets"]) == ("unclear", [])
    assert found.headline == f"The luck of the study is unknown: {reason}"
    assert "nine in ten" not in found.message.lower()


def test_even_trials_of_another_tool_are_draws():
    found = findings(
        sampling_luck(IMPORTED, outcomes(IMPORTED, at_units(IMPORTED, UNITS, range(1, 25))))
    )

    assert found[0].status == "notice"


def test_trials_that_were_cut_short_are_no_draws():
    study = factories.study()
    stop = {"status": "stopped", "reason": "pruned"}
    settings = [study.space.setting(unit) for unit in UNITS]
    records = [record(study, at, [0.9, 0.1 + 0.01 * at], each) for at, each in enumerate(settings)]
    records[5] = record(study, 5, [0.9], settings[5], **stop)

    (found,) = findings(sampling_luck(study, outcomes(study, records)))

    assert found.headline == "The luck of the study is unknown: 1 trial was cut short"


def test_one_of_three_trials_is_counted_in_good_grammar():
    study = factories.study()
    records = at_units(study, UNITS[:3], [0.1, None, None])

    (found,) = findings(sampling_luck(study, outcomes(study, records)))

    assert "3 trials ended, 1 feasible" in found.message
