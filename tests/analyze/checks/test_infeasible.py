from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests import factories
from tests.factories import RATE, record

from etude.analyze.checks.infeasible import findings, infeasible
from etude.analyze.views.outcomes import outcomes
from etude.space import Choice, Integer

from ..trials import at_units


def values(feasible: int, lost: int) -> list[float | None]:
    return [0.1 * k for k in range(feasible)] + [None] * lost


def line(count: int) -> list[list[float]]:
    return [[(k + 0.5) / count] for k in range(count)]


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("feasible", "lost", "status"),
    [
        (20, 0, "ok"),
        (19, 1, "notice"),
        (15, 5, "notice"),
        (14, 6, "problem"),
        (0, 20, "problem"),
        (2, 2, "unclear"),
        (0, 0, "unclear"),
    ],
)
def test_the_fraction_decides_the_status(feasible, lost, status):
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(feasible + lost), values(feasible, lost))

    assert infeasible(study, outcomes(study, records)).status == status


def test_reasons_are_counted_most_frequent_first():
    study = factories.study({"learning_rate": RATE})
    reasons = ["nan", "diverged", "diverged", "error"]
    records = [
        record(study, k, None, {"learning_rate": 0.01}, reason=reason)
        for k, reason in enumerate(reasons)
    ]

    assert list(infeasible(study, outcomes(study, records)).reasons.items()) == [
        ("diverged", 2),
        ("error", 1),
        ("nan", 1),
    ]


def test_the_place_of_infeasible_trials_is_named_where_it_is_no_chance():
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(20), values(14, 6))

    found = findings(infeasible(study, outcomes(study, records)))[0]

    assert "All 6 lie from `learning_rate` = 0.015 upward." in found.message


def test_no_place_is_named_for_infeasible_trials_everywhere():
    study = factories.study({"learning_rate": RATE})
    scattered = [None if k % 3 == 0 else 0.1 for k in range(20)]

    found = infeasible(study, outcomes(study, at_units(study, line(20), scattered)))

    assert (found.regions, found.cause) == ((), "scattered")


def test_a_trial_that_ended_without_a_value_counts_as_infeasible():
    study = factories.study({"learning_rate": RATE})
    records = [record(study, 0, float("nan"), {"learning_rate": 0.01})]

    assert infeasible(study, outcomes(study, records)).reasons == {"no_value": 1}


def test_trials_that_the_time_limit_ended_are_neither():
    study = factories.study({"learning_rate": RATE})
    records = [
        record(study, k, 0.1, {"learning_rate": 0.01}, status="stopped", reason="time_limit")
        for k in range(2)
    ]

    found = findings(infeasible(study, outcomes(study, records)))[0]

    assert found.evidence["stopped"] == [0, 1]
    assert "2 more were ended by the time limit; they are neither" in found.message


def test_a_trial_that_never_learned_counts_and_lies_where_it_lies():
    study = factories.study({"learning_rate": RATE})
    trials = outcomes(study, at_units(study, line(20), [0.1] * 20))

    found = infeasible(study, trials, never_learned=range(6))

    assert (found.status, found.reasons) == ("problem", {"never_learned": 6})
    # A far too small rate that learns nothing breaks nothing at the top.
    assert [region.side for region in found.regions] == ["low"]
    assert findings(found)[0].headline.startswith("6 of 20 trials of the study never")


def test_what_never_learned_and_what_broke_have_places_of_their_own():
    study = factories.study({"learning_rate": RATE})
    trials = outcomes(study, at_units(study, line(30), values(22, 8)))

    found = infeasible(study, trials, never_learned=range(6))

    assert {region.reason: region.side for region in found.regions} == {
        "nan": "high",
        "never_learned": "low",
    }


@pytest.mark.parametrize(
    ("feasible", "lost"), [(20, 0), (19, 1), (14, 6), (10, 10), (0, 20), (2, 2), (1, 0), (0, 0)]
)
def test_every_finding_has_a_short_headline_and_short_sentences(feasible, lost):
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(feasible + lost), values(feasible, lost))

    (finding,) = findings(infeasible(study, outcomes(study, records)))

    assert 0 < len(finding.headline.split()) <= 14
    assert "C3" not in f"{finding.headline}{finding.message}"
    assert all(len(part.split()) <= 30 for part in finding.message.split(". "))
    assert len(finding.message.split(". ")) <= 2


def test_no_finding_changes_with_the_order_the_unit_or_the_sign_of_the_metric():
    study, other = (
        factories.study({"learning_rate": RATE}),
        factories.study({"learning_rate": RATE}, maximize=True),
    )
    records = at_units(study, line(20), values(14, 6))
    mirrored = at_units(other, line(20), [value and -3.0 * value for value in values(14, 6)])

    plain = findings(infeasible(study, outcomes(study, records)))

    assert findings(infeasible(study, outcomes(study, records[::-1]))) == plain
    assert findings(infeasible(other, outcomes(other, mirrored))) == plain


def test_a_running_trial_does_not_count():
    study = factories.study({"learning_rate": RATE})
    records = [record(study, 0, 0.1, {"learning_rate": 0.01}, status="running")]

    assert infeasible(study, outcomes(study, records)).ended == 0


def test_a_trial_that_never_reported_is_missing_and_not_infeasible():
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(10), values(10, 0))
    silent = record(study, 99, [], {"learning_rate": 0.01}, status="completed")

    found = findings(infeasible(study, outcomes(study, [*records, silent])))[0]

    assert (found.status, found.evidence["ended"], found.evidence["missing"]) == (
        "notice",
        10,
        [99],
    )
    assert "1 trial ended well without any value of valid/error: it is missing" in found.message


def test_trials_that_a_schedule_stopped_are_censored_and_not_infeasible():
    study = factories.study({"learning_rate": RATE})
    setting = {"learning_rate": 0.01}
    records = [record(study, k, 0.1, setting, status="stopped", reason="pruned") for k in range(8)]

    found = findings(infeasible(study, outcomes(study, records)))[0]

    assert (found.status, found.evidence["fraction"]) == ("ok", 0.0)
    assert "8 more were ended early by a schedule" in found.message


def test_a_fraction_comes_with_its_interval():
    study = factories.study({"learning_rate": RATE})

    found = infeasible(study, outcomes(study, at_units(study, line(20), values(15, 5))))

    # Wilson's interval of 5 of 20.
    assert (found.low, found.high) == pytest.approx((0.1119, 0.4687), abs=1e-3)


def test_a_cliff_is_found_among_trials_that_break_anywhere():
    study = factories.study({"learning_rate": RATE})
    broken = [unit > 0.7 or k in (3, 11) for k, (unit,) in enumerate(line(40))]
    records = at_units(study, line(40), [None if lost else 0.1 for lost in broken])

    found = infeasible(study, outcomes(study, records))

    assert (found.cause, found.regions[0].side) == ("cliff", "high")
    assert (found.regions[0].infeasible, found.regions[0].trials) == (12, 12)


def test_a_cliff_may_lie_at_the_lower_end():
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(20), [None] * 6 + [0.1] * 14)

    found = findings(infeasible(study, outcomes(study, records)))[0]

    assert "All 6 lie up to `learning_rate` = 0.000668." in found.message


def test_one_choice_may_be_the_cause():
    study = factories.study({"activation": Choice(["gelu", "relu", "tanh"]), "learning_rate": RATE})
    units = [[(k % 3 + 0.5) / 3, (7 * k % 30 + 0.5) / 30] for k in range(30)]
    records = at_units(study, units, [None if k % 3 == 1 else 0.1 for k in range(30)])

    found = infeasible(study, outcomes(study, records))

    assert (found.cause, found.regions[0].begins) == ("choice", "relu")
    assert "All 10 lie at `activation` = relu" in findings(found)[0].message


def test_each_reason_has_a_place_of_its_own():
    study = factories.study({"batch_size": Integer(1, 512, log=True), "learning_rate": RATE})
    units = [[(k + 0.5) / 40, (11 * k % 40 + 0.5) / 40] for k in range(40)]
    reasons = ["out_of_memory" if a > 0.8 else "diverged" if b > 0.8 else "" for a, b in units]
    records = [
        record(study, k, None, study.space.setting(unit), reason=reason)
        if reason
        else record(study, k, 0.1, study.space.setting(unit))
        for k, (unit, reason) in enumerate(zip(units, reasons, strict=True))
    ]

    found = infeasible(study, outcomes(study, records))

    assert [(each.hyperparameter, each.reason) for each in found.regions] == [
        ("learning_rate", "diverged"),
        ("batch_size", "out_of_memory"),
    ]
    assert "a smaller batch or model" in findings(found)[0].advice


@pytest.mark.rule("C3")
def test_where_everything_breaks_a_bug_comes_first():
    study = factories.study({"learning_rate": RATE})

    found = infeasible(study, outcomes(study, at_units(study, line(20), [None] * 20)))

    assert (found.cause, found.regions) == ("bug", ())
    assert findings(found)[0].advice.startswith("Look for a bug in the training code first")


def test_trials_that_break_anywhere_seldom_have_a_place():
    study = factories.study()
    rngs = [np.random.default_rng(seed) for seed in range(60)]
    broken = [[None if lost else 0.1 for lost in rng.random(50) < 0.3] for rng in rngs]

    found = [
        infeasible(
            study, outcomes(study, at_units(study, rng.random((50, 2)).tolist(), values))
        ).regions
        for rng, values in zip(rngs, broken, strict=True)
    ]

    assert sum(map(bool, found)) <= 3


def test_slices_count_every_ended_trial_on_every_axis():
    study = factories.study({"depth": Integer(1, 4), "learning_rate": RATE})
    units = [[(k % 4 + 0.5) / 4, (k + 0.5) / 20] for k in range(20)]
    records = at_units(study, units, values(14, 6))

    slices = infeasible(study, outcomes(study, records)).slices

    depth = [each for each in slices if each.hyperparameter == "depth"]
    assert [(each.low, each.high, each.trials) for each in depth] == [
        (1, 1, 5),
        (2, 2, 5),
        (3, 3, 5),
        (4, 4, 5),
    ]
    assert sum(each.infeasible for each in slices) == 2 * 6


@pytest.mark.parametrize(("value", "said"), [(0.5, "is feasible."), (None, "is infeasible (")])
def test_a_single_trial_is_spoken_of_as_one(value, said):
    study = factories.study({"learning_rate": RATE})

    found = findings(infeasible(study, outcomes(study, at_units(study, [[0.5]], [value]))))[0]

    assert found.message.startswith(f"The only ended trial of the study {said}")


def found_of_planted_cliffs(count, studies=200):
    """In how many studies of so many trials the region beyond a cliff is named."""
    study = factories.study()
    found = 0
    for seed in range(studies):
        unit_TxD = np.random.default_rng([seed, count]).random((count, 2))
        values = [None if rate + 0.3 * share > 0.95 else 0.1 for rate, share in unit_TxD.tolist()]
        regions = infeasible(study, outcomes(study, at_units(study, unit_TxD, values))).regions
        found += any(one.hyperparameter == "learning_rate" for one in regions)
    return found / studies


def test_more_trials_never_find_a_planted_cliff_less_often():
    shares = [found_of_planted_cliffs(count) for count in (10, 20, 40, 80)]

    slack = 2 * np.sqrt(0.25 / 200)
    assert all(after >= before - slack for before, after in pairwise(shares))
    assert shares[-1] > 0.98


@pytest.mark.parametrize(("search", "said"), [("quasi_random", True), ("bayesian", False)])
def test_the_long_run_is_that_of_a_search_that_does_not_adapt(search, said):
    study = replace(factories.study(), search=search)
    values = [None if k in (3, 11) else 0.1 for k in range(16)]

    (found,) = findings(
        infeasible(study, outcomes(study, at_units(study, [[0.5, 0.5]] * 16, values)))
    )

    assert ("in the long run" in found.message) == said
    assert found.headline == "2 of 16 trials of the study break, no pattern seen"


CODE = 'Traceback (most recent call last):\n  File "/a/train.py", line 9, in train\n'
MISSING = f"{CODE}FileNotFoundError: [Errno 2] No such file or directory: 'a.npy'"
UNKNOWN = f"{CODE}KeyError: 'swish'"


def failing(study, trial, setting, detail=MISSING):
    return record(study, trial, None, setting, reason="error", detail=detail)


def with_failures(count, failures, detail=MISSING):
    """So many trials along the rate, of which the upper ones fail by the code."""
    study = factories.study({"learning_rate": RATE})
    settings = [{"learning_rate": 0.001 * 1.3**k} for k in range(count)]
    records = [
        failing(study, k, setting, detail)
        if k >= count - failures
        else record(study, k, 0.5, setting)
        for k, setting in enumerate(settings)
    ]
    return infeasible(study, outcomes(study, records))


def test_what_the_code_ended_is_no_region():
    found = with_failures(20, 8)

    assert (found.trials, found.regions, found.fraction) == ((), (), 0.0)
    assert found.code.trials == tuple(range(12, 20))
    assert found.status == "problem"


def test_what_the_code_ended_is_said_with_its_place_and_trained_again():
    (found,) = findings(with_failures(8, 7))

    assert found.headline == "7 of 8 trials of the study fail by FileNotFoundError at train.py:9"
    assert "FileNotFoundError at train.py:9" in found.message
    assert found.evidence["code"] == [1, 2, 3, 4, 5, 6, 7]
    assert "--retry-errors" in found.advice


def test_a_few_failures_of_the_code_stand_beside_the_fraction():
    (found,) = findings(with_failures(20, 1))

    assert found.status == "notice"
    assert "0 of 19 ended trials" in found.message
    assert "1 more ends by an error of the code or the machine" in found.message


def test_the_same_failures_of_a_setting_are_a_region_as_before():
    found = with_failures(20, 8, f"{CODE}ValueError: too wide")

    assert len(found.trials) == 8
    assert found.regions
    assert found.code.trials == ()


def test_an_error_of_the_code_at_one_value_names_it():
    study = factories.study({"learning_rate": RATE, "activation": Choice(("relu", "swish"))})
    settings = [{"learning_rate": 0.01, "activation": ("relu", "swish")[k > 14]} for k in range(20)]
    records = [
        failing(study, k, setting, UNKNOWN) if k > 14 else record(study, k, 0.5, setting)
        for k, setting in enumerate(settings)
    ]

    (found,) = findings(infeasible(study, outcomes(study, records)))

    assert "5 trials with `activation` = swish fail with KeyError" in found.message
    assert "`activation` = swish" in found.advice


def test_a_failure_without_a_text_is_its_settings_as_before():
    study = factories.study({"learning_rate": RATE})
    records = [record(study, k, None, {"learning_rate": 0.01}, reason="error") for k in range(6)]

    assert len(infeasible(study, outcomes(study, records)).trials) == 6


def test_of_four_trials_three_that_the_code_ended_decide_as_a_run_does():
    found = with_failures(4, 3)

    assert found.status == "problem"
    assert with_failures(4, 2).status == "unclear"


def test_a_trial_of_which_a_loss_ends_not_finite_counts_as_broken():
    study = factories.study({"learning_rate": RATE})
    trials = outcomes(study, at_units(study, line(20), [0.1] * 20))

    found = infeasible(study, trials, not_finite=range(14, 20))

    assert (found.status, found.reasons) == ("problem", {"nan": 6})


def twelve(seed):
    """Twelve settings on three axes, evenly drawn."""
    study = factories.study(dict.fromkeys(("learning_rate", "decay", "momentum"), RATE))
    return study, np.random.default_rng(seed).random((12, 3))


def test_twelve_trials_that_one_value_sets_apart_are_a_pattern():
    study, unit_TxD = twelve(0)
    begins = np.sort(unit_TxD[:, 0])[4]
    losses = [None if unit >= begins else 0.1 * unit for unit in unit_TxD[:, 0].tolist()]

    (found,) = findings(infeasible(study, outcomes(study, at_units(study, unit_TxD, losses))))

    assert "8 of 12 trials of the study break, all from `decay` = " in found.headline


@pytest.mark.parametrize("lost", [3, 5, 8])
def test_trials_that_break_anywhere_are_a_pattern_in_at_most_5_percent(lost):
    found = 0
    for seed in range(200):
        study, unit_TxD = twelve(seed)
        broken = set(np.random.default_rng(1000 + seed).permutation(12)[:lost].tolist())
        losses = [None if trial in broken else 0.1 * trial for trial in range(12)]
        records = at_units(study, unit_TxD, losses)
        found += bool(infeasible(study, outcomes(study, records)).regions)

    # 5 % of 200 are 10; with two standard errors of 3.1 they are 16.
    assert found <= 16
