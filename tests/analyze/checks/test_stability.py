from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from etude.analyze.checks.stability import findings, stability
from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes

from ..traced import METRIC, STEPS, at, finished, long_study, noise, traced

NAN = float("nan")
SHARE = at()
FALLS = np.exp(-4.0 * SHARE)


def curves(course, seed=0, **others):
    """The same course, with other noise, in the metric and in both losses."""
    names = (METRIC, "valid/loss", "train/loss")
    return {
        name: course + 0.002 * noise(seed + 10 * place) for place, name in enumerate(names)
    } | others


def bump(begin, end, height):
    return height * ((at() > begin) & (at() <= end))


def judged(*given, **how):
    study = long_study()
    return stability(study, traced(study, *given, **how)).trials


def only(*given, **how):
    return judged(*given, **how)[0]


@pytest.mark.parametrize("seed", range(8))
def test_a_smooth_curve_is_stable(seed):
    assert only(curves(FALLS, seed)).status == "ok"


def test_losses_that_are_not_finite_to_the_end_are_found_where_they_begin():
    losses = np.where(SHARE > 0.3, NAN, FALLS)

    one = only(curves(FALLS, **{"train/loss": losses}))

    assert (one.status, one.kind, one.step) == ("problem", "nan", 1599)


def test_a_value_that_is_not_finite_and_comes_back_is_no_divergence():
    metric = np.where(np.arange(50) == 20, NAN, FALLS)

    assert only(curves(FALLS, **{METRIC: metric})).status == "ok"


def test_a_gradient_that_exploded_after_the_last_evaluation_counts():
    study = long_study()
    norms = [1.0] * 60 + [1e18]
    record = finished(study, 0, {"grad_norm": norms}, steps=list(range(61)))

    one = stability(study, trial_curves(study, outcomes(study, [record]))).trials[0]

    assert (one.kind, one.step) == ("nan", 60)


def test_a_trial_marked_infeasible_by_nan_is_unstable_without_a_single_point():
    one = only({}, status="infeasible", reason="nan")

    assert (one.status, one.kind) == ("problem", "nan")


@pytest.mark.rule("C4", "D1")
@pytest.mark.parametrize(
    ("course", "kind"),
    [
        (FALLS + bump(0.5, 0.6, 0.5), "diverged_recovered"),
        (FALLS + bump(0.5, 1.0, 0.8), "diverged"),
        (
            FALLS + bump(0.2, 0.3, 0.5) + bump(0.45, 0.55, 0.5) + bump(0.7, 0.8, 0.5),
            "repeated",
        ),
    ],
)
def test_the_kind_is_told_by_how_drops_end(course, kind):
    one = only(curves(course))

    assert (one.status, one.kind) == ("problem", kind)


def test_a_drop_knows_when_it_came_and_when_it_was_over():
    one = only(curves(FALLS + bump(0.5, 0.6, 0.5)))

    assert [(drop.step, drop.recovered) for drop in one.drops] == [(2599, 3099)]
    assert one.fraction == pytest.approx(0.52)


def test_a_loss_that_climbs_little_by_little_with_the_training_loss_diverged():
    course = np.where(SHARE < 0.4, FALLS, np.exp(-1.6) + 0.9 * (SHARE - 0.4))

    assert only(curves(course)).kind == "diverged"


def test_the_same_climb_without_a_training_loss_may_be_overfitting():
    course = np.where(SHARE < 0.4, FALLS, np.exp(-1.6) + 0.9 * (SHARE - 0.4))

    one = only({METRIC: course + 0.002 * noise(0)})

    assert one.status == "unclear"
    assert "overfitting" in one.why


def test_validation_that_gets_worse_alone_is_not_instability():
    course = FALLS + bump(0.5, 1.0, 0.6)

    assert only(curves(course, **{"train/loss": FALLS})).status == "ok"


def test_a_glitch_of_the_metric_with_normal_losses_is_not_instability():
    assert only(curves(FALLS, **{METRIC: FALLS + bump(0.5, 0.55, 0.9)})).status == "ok"


def test_a_small_spike_that_recovers_at_once_is_a_fact_and_no_problem():
    spike = np.where(np.arange(50) == 25, 0.3, 0.0)

    one = only(curves(FALLS + spike))

    assert (one.status, one.spikes) == ("ok", 1)


def test_one_trial_that_stays_at_the_start_never_learned_what_others_did():
    flat = 1.0 + 0.01 * np.sin(50.0 * SHARE)

    *others, last = judged(*[curves(FALLS, seed) for seed in range(6)], curves(flat))

    assert (last.status, last.kind) == ("problem", "never_learned")
    assert {one.status for one in others} == {"ok"}


def test_a_trial_that_falls_steadily_is_slow_and_not_stuck():
    slow = curves(FALLS[0] - 0.1 * SHARE, **{"train/loss": 1.0 - 0.1 * SHARE})

    last = judged(*[curves(FALLS, seed) for seed in range(6)], slow)[-1]

    assert last.learned < 0.2
    assert last.status == "ok"


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_a_trial_aborted_at_its_start_is_unclear(count):
    one = only({name: [0.9] * count for name in (METRIC, "train/loss")})

    assert one.status == "unclear"
    assert one.why.startswith("it has ")


def test_a_trial_without_its_metric_but_a_healthy_training_loss_is_missing_not_diverged():
    one = only({"train/loss": FALLS})

    assert one.status == "unclear"
    assert "healthy" in one.why


def test_a_training_loss_alone_can_show_that_a_trial_broke():
    assert only({"train/loss": FALLS + bump(0.5, 1.0, 0.8)}).kind == "diverged"


def test_drops_of_many_trials_at_the_same_share_are_the_schedules():
    study = long_study()
    given = [curves(FALLS + bump(0.5, 0.6, 0.5), seed) for seed in range(4)]

    result = stability(study, traced(study, *given))

    assert {one.shared for one in result.trials} == {3}
    assert "the schedule may do this" in findings(result)[0].message


def test_a_spike_between_evaluations_is_a_notice():
    steps = list(range(0, STEPS, 20))
    losses = np.exp(-4.0 * np.arange(250) / 250)
    losses[130:132] = 0.9
    study = long_study()
    logged = finished(study, 0, {"train/loss": losses}, steps=steps).points
    seen = finished(study, 0, {METRIC: FALLS}).points
    rows = np.concatenate([logged.rows_P, seen.rows_P])
    rows["metric"][len(logged.rows_P) :] = 1
    record = finished(study, 0, {})
    points = type(logged)(rows, ("train/loss", METRIC))

    one = stability(
        study,
        trial_curves(study, outcomes(study, [type(record)(**{**vars(record), "points": points})])),
    )

    assert one.trials[0].status == "notice"
    assert one.trials[0].hidden == (2600,)


@pytest.mark.parametrize(("at_share", "advice"), [(0.06, "warmup"), (0.5, "clip")])
@pytest.mark.parametrize("warmup", [0, 50, 4000])
def test_early_is_a_share_of_the_run_whatever_the_warmup(at_share, advice, warmup):
    study = long_study()
    course = np.exp(-40.0 * SHARE) + bump(at_share, at_share + 0.1, 0.5)
    setting = {"learning_rate": 0.1, "warmup_steps": warmup}
    record = finished(study, 0, curves(course), setting=setting)

    found = findings(stability(study, trial_curves(study, outcomes(study, [record]))))[0]

    assert (found.rule, found.status) == ("D1", "problem")
    assert advice in found.advice


def test_a_finding_carries_its_numbers_and_confidence():
    study = long_study()

    found = findings(stability(study, traced(study, curves(FALLS + bump(0.5, 1.0, 0.8)))))[0]

    assert found.subject == {"study": study.name, "trial": 0}
    assert found.evidence["kind"] == "diverged"
    assert found.evidence["confidence"] > 0.9
    assert found.message.startswith("Trial 0 got worse at step 2,599")


def test_a_trial_that_was_best_at_once_and_never_again_diverged():
    collapsed = np.where(at() < 0.05, 0.6, 1.0) + 0.01 * np.sin(50.0 * SHARE)
    flat = 1.0 + 0.01 * np.sin(50.0 * SHARE)
    others = [curves(FALLS, seed) for seed in range(6)]

    last = judged(*others, curves(collapsed, **{"train/loss": flat}))[-1]

    assert (last.status, last.kind) == ("problem", "diverged")


def test_validation_that_ends_at_its_start_while_training_goes_on_is_no_divergence():
    collapsed = np.where(at() < 0.05, 0.6, 1.0) + 0.01 * np.sin(50.0 * SHARE)
    others = [curves(FALLS, seed) for seed in range(6)]

    last = judged(*others, curves(collapsed, **{"train/loss": FALLS}))[-1]

    assert last.status == "ok"


def test_in_a_study_that_learned_nothing_noise_is_no_divergence():
    names = (METRIC, "valid/loss", "train/loss")
    flat = [
        {name: 0.69 + 0.01 * noise(10 * seed + place) for place, name in enumerate(names)}
        for seed in range(20)
    ]

    found = [one.status for one in judged(*flat)]

    assert found.count("unclear") >= 17


def test_what_broke_and_had_no_time_to_recover_is_not_said_to_have_recovered():
    study = long_study()
    course = FALLS + bump(0.95, 1.0, 0.15)

    found = findings(stability(study, traced(study, curves(course))))[0]

    assert found.evidence["kind"] == "diverged_recovered"
    assert "had not recovered all of it at its end" in found.message


def plateaus(size, *, kept):
    """A hundred trials that fall fast and then stay, with noise of which a share is kept."""
    course = np.exp(-40.0 * at(200))
    names = (METRIC, "valid/loss", "train/loss")
    return [
        {
            name: course + size * lfilter([1.0], [1.0, -kept], noise(10 * seed + place, 200))
            for place, name in enumerate(names)
        }
        for seed in range(100)
    ]


@pytest.mark.parametrize(("size", "kept", "most"), [(0.05, 0.0, 3), (0.01, 0.9, 8)])
def test_a_plateau_with_noise_is_hardly_ever_unstable(size, kept, most):
    study = long_study()

    result = stability(study, traced(study, *plateaus(size, kept=kept)))

    assert sum(one.status == "problem" for one in result.trials) <= most


@pytest.mark.parametrize("evaluations", [30, 100])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.9])
def test_series_that_share_their_noise_are_one_witness(evaluations, kept):
    study = long_study()
    names = (METRIC, "valid/loss", "train/loss")
    given = [
        dict.fromkeys(names, 1.0 + 0.05 * lfilter([1.0], [1.0, -kept], noise(seed, evaluations)))
        for seed in range(100)
    ]

    result = stability(study, traced(study, *given))

    assert sum(one.status == "problem" for one in result.trials) <= 6


def test_noise_with_a_long_memory_that_all_series_share_loses_nothing_for_good():
    broke = 0
    for seed in range(40):
        rng = np.random.default_rng([3, seed])
        given = []
        for _ in range(5):
            values = [rng.standard_normal()]
            for draw in rng.standard_normal(29):
                values.append(0.9 * values[-1] + math.sqrt(1.0 - 0.9**2) * draw)
            course = 1.0 + 0.05 * np.array(values)
            given.append(dict.fromkeys((METRIC, "valid/loss", "train/loss"), course))
        broke += sum(one.status == "problem" for one in judged(*given))

    # 3 % of 200 trials, and two standard errors.
    assert broke <= 11


def test_noise_in_proportion_to_a_loss_that_falls_breaks_nothing():
    course = 0.8 + 11.0 * np.exp(-24.0 * at(200))
    given = [{METRIC: course * np.exp(0.3 * noise(seed, 200))} for seed in range(20)]

    assert sum(one.status == "problem" for one in judged(*given)) <= 1


def test_what_recovered_and_was_best_later_is_not_said_to_have_diverged():
    early = FALLS + bump(0.2, 0.3, 0.6) + bump(0.7, 1.0, 0.9)

    one = only(curves(early))

    assert one.kind == "diverged"
    assert one.step >= STEPS * 0.65


def rates(*pairs):
    """Trials with these learning rates and courses."""
    study = long_study()
    records = [
        finished(study, trial, curves(course, trial), setting={"learning_rate": rate})
        for trial, (rate, course) in enumerate(pairs)
    ]
    return stability(study, trial_curves(study, outcomes(study, records)))


BREAKS = FALLS + bump(0.5, 1.0, 0.8)
STABLE = [(0.01 * 1.3**k, FALLS + 0.02 * abs(k - 2)) for k in range(10)]


def test_what_breaks_far_above_the_best_rate_is_a_notice_without_advice():
    result = rates(*STABLE, *[(rate, BREAKS) for rate in (0.5, 0.7, 1.0)])

    found = findings(result)[10]

    assert (found.status, found.kind, found.advice) == ("notice", "diverged", "")
    assert "does not hold down" in found.message


@pytest.mark.parametrize("broken", [[0.5], [0.5, 0.7]])
def test_one_that_breaks_at_the_highest_rate_far_above_the_best_is_a_notice(broken):
    result = rates(*STABLE, *[(rate, BREAKS) for rate in broken])

    assert {one.status for one in result.trials[10:]} == {"notice"}
    assert all(one.advice == "" for one in findings(result)[10 : 10 + len(broken)])


def test_a_break_without_gradient_norms_asks_for_them_first():
    finding = findings(rates(*STABLE, (0.016, BREAKS)))[10]

    assert finding.status == "problem"
    assert finding.advice.startswith("Log `grad_norm`, then clip ")
    assert "of its gain, the first quarter left aside" in finding.message


@pytest.mark.parametrize(
    "broken",
    [[0.016, 0.7, 1.0], [0.011, 0.012, 0.5], [0.04], [0.016, 0.5], [0.02, 0.5], [0.08]],
)
def test_what_breaks_at_rates_that_are_used_is_a_problem(broken):
    result = rates(*STABLE, *[(rate, BREAKS) for rate in broken])

    assert result.trials[10].status == "problem"


def test_where_the_study_cannot_tell_a_break_stays_a_problem():
    result = rates(*STABLE[:3], (1.0, BREAKS))

    assert result.trials[3].status == "problem"


FLAT = 1.0 + 0.01 * np.sin(50.0 * SHARE)


@pytest.mark.parametrize(("rate", "status"), [(1e-4, "notice"), (1.0, "problem")])
def test_a_far_too_small_rate_that_learns_nothing_breaks_nothing(rate, status):
    result = rates(*STABLE, (rate, FLAT))

    assert (result.trials[10].status, result.trials[10].kind) == (status, "never_learned")
    assert not result.trials[10].broke
    assert result.never_learned == (10,)


def test_a_trial_that_learns_late_is_not_said_never_to_have_learned():
    late = np.where(SHARE < 0.8, 1.0, 1.0 - 0.7 * (SHARE - 0.8))

    *_, last = judged(*[curves(FALLS, seed) for seed in range(6)], curves(late, 7))

    assert last.learned < 0.2
    assert last.kind == ""


@pytest.mark.rule("D4")
def test_a_spike_in_the_first_steps_that_no_evaluation_sees_is_a_notice():
    study = long_study()
    steps = list(range(0, STEPS, 10))
    losses = np.exp(-4.0 * np.arange(500) / 500)
    losses[20:23] = 3.0
    logged = finished(study, 0, {"train/loss": losses}, steps=steps).points
    seen = finished(study, 0, {METRIC: FALLS}).points
    rows = np.concatenate([logged.rows_P, seen.rows_P])
    rows["metric"][len(logged.rows_P) :] = 1
    record = finished(study, 0, {})
    points = type(logged)(rows, ("train/loss", METRIC))
    records = [type(record)(**{**vars(record), "points": points})]

    result = stability(study, trial_curves(study, outcomes(study, records)))

    assert (result.trials[0].status, result.trials[0].hidden[0]) == ("notice", 200)
    assert findings(result)[0].rule == "D4"


@pytest.mark.parametrize("count", [20, 60, 200])
def test_a_break_is_found_with_any_number_of_evaluations(count):
    share = at(count)
    course = np.exp(-4.0 * share) + 0.4 * ((share > 0.5) & (share <= 0.6))
    names = (METRIC, "valid/loss", "train/loss")
    given = [
        {name: course + 0.02 * noise(3 * seed + k, count) for k, name in enumerate(names)}
        for seed in range(40)
    ]

    assert sum(one.broke for one in judged(*given)) >= 37


def test_an_unclear_finding_has_one_word_for_its_cause_and_says_what_settles_it():
    study = long_study()
    given = traced(study, {METRIC: [0.9] * 3}, {})

    short, without = findings(stability(study, given))[:2]

    assert (short.kind, short.advice) == ("too_short", "Evaluate more often.")
    assert without.kind == "no_metric"


def test_only_a_trial_that_did_not_reach_its_end_diverged():
    study = long_study()
    ended = traced(study, curves(FALLS + bump(0.5, 1.0, 0.8)))
    cut = [
        replace(one, outcome=replace(one.outcome, record=replace(one.record, status="stopped")))
        for one in ended
    ]

    worse, diverged = (findings(stability(study, given))[0] for given in (ended, cut))

    assert worse.headline == "Trial 0 got worse at 52 % of its steps and did not recover"
    assert diverged.headline == "Trial 0 diverged at 52 % of its steps"
