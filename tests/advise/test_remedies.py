"""Each remedy where it is proposed, and where it must not be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.advise.contexts import ALONE, broken_above, case, said
from tests.analyze.trials import RATE, SHARE, at_units, experiment, record, two_optimizers, valley

from etude.advise.context import Context
from etude.advise.policy import EXPLOITATION, EXPLORATION, advice, caused, order
from etude.advise.remedies.exploit import exploit, exploit_now
from etude.advise.remedies.more_trials import more_trials
from etude.advise.remedies.narrow_unstable import narrow_unstable, use_log_scale
from etude.advise.remedies.refine import drop, fix, narrow
from etude.advise.remedies.regularize import regularize
from etude.advise.remedies.stabilize import stabilize, steady
from etude.advise.remedies.training_length import longer, shorter
from etude.advise.remedies.widen import widen
from etude.analyze.registry import findings
from etude.design.studies import studies
from etude.experiment.methods import SEARCHES
from etude.finding import Verdict
from etude.space import Integer, Real

WIDE = Real(0.001, 1.0)
OPEN = Verdict(status="unclear", winner="", message="Open.")
HELD_DOWN = said("stability", "D3", "notice")
EARLY = said("stability", "D1", "problem", trial=0, early=True, kind="diverged")
LATER = said("stability", "D1", "problem", trial=0, early=False, kind="diverged")
SPIKE = said("gradient_norm", "D9", "notice", trial=0)
NORMS = said("gradient_norm", "D9", "ok", threshold=2.31)
OVERFITS = said("overfitting", "C6", "problem", trial=0)
LATE = said("best_step", "T5", "notice", late=18, early=0, judged=20)
TOO_LONG = said("best_step", "T5", "notice", late=0, early=20, judged=20)
SATURATED = said("saturated", "C10", "notice", trial=0, share=0.2)
SPARSE = said("coverage", "C2", "problem", more=12)
DENSE = said("coverage", "C2", "ok", more=0, gain=0.001)
INSIDE = said("boundary", "C1", "ok", hyperparameter="learning_rate", side="high")
EDGE = said(
    "boundary",
    "C1",
    "problem",
    hyperparameter="learning_rate",
    side="low",
    trials=[1, 2, 3],
    top=[1, 2, 3, 4, 5],
    bound=1e-4,
)


def cliff(**given):
    place = {"hyperparameter": "learning_rate", "side": "high", "infeasible": 12, "trials": 12}
    plain = {"cause": "cliff", "places": [place]}
    return said("infeasible", "C3", "problem", **{**plain, **given})


def changes(remedies):
    return [(edit.path, edit.part, edit.new) for one in remedies for edit in one.edits]


def trained(question, bottom=(0.5, 0.5), count=40):
    (study,) = studies(question)
    return valley(study, bottom, count)


# --- D6: optimization


def test_what_breaks_early_gets_a_range_of_warmups_up_to_a_tenth_of_the_steps():
    question = experiment(max_steps=2000, fixed={"warmup_steps": 0})

    assert changes(stabilize(case(question, EARLY))) == [
        ("nuisance.warmup_steps", "", Integer(10, 200, log=True)),
        ("fixed.warmup_steps", "", None),
    ]


def test_a_range_of_warmups_reaches_further():
    question = experiment(max_steps=2000, nuisance={"warmup_steps": Integer(1, 20, log=True)})

    assert changes(stabilize(case(question, EARLY))) == [
        ("nuisance.warmup_steps", "", Integer(1, 200, log=True))
    ]


def test_what_breaks_later_is_clipped_at_the_90th_percentile_of_its_norms():
    question = experiment(fixed={"gradient_clip": 10.0})

    assert changes(stabilize(case(question, LATER, NORMS))) == [("fixed.gradient_clip", "", 2.4)]


@pytest.mark.parametrize("finding", [EARLY, LATER])
def test_without_warmup_and_clipping_a_person_is_told(finding):
    (one,) = stabilize(case(experiment(), finding))

    assert not one.edits
    assert one.words == "D1: D1 was seen. Do what D1 asks."


@pytest.mark.parametrize(
    "finding",
    [
        replace(EARLY, subject={"study": "all", "trial": 7}),
        replace(EARLY, status="ok"),
        said("stability", "D1", "problem", trial=0, early=False, kind="never_learned"),
    ],
)
def test_what_broke_elsewhere_or_never_learned_asks_for_no_warmup(finding):
    question = experiment(max_steps=2000, fixed={"warmup_steps": 0})

    assert stabilize(case(question, finding)) == []


@pytest.mark.parametrize(("status", "edits"), [("notice", 2), ("ok", 0), ("unclear", 0)])
def test_a_best_rate_at_the_edge_of_the_stable_gets_a_warmup(status, edits):
    question = experiment(max_steps=2000, fixed={"warmup_steps": 0})

    assert len(changes(stabilize(case(question, replace(HELD_DOWN, status=status))))) == edits


def test_a_single_spike_of_a_best_trial_is_clipped():
    question = experiment(fixed={"gradient_clip": 10.0})

    assert changes(stabilize(case(question, SPIKE, NORMS))) == [("fixed.gradient_clip", "", 2.4)]


def test_norms_that_never_jump_ask_for_no_clipping():
    question = experiment(fixed={"gradient_clip": 10.0})

    assert stabilize(case(question, NORMS)) == []


def test_a_warmup_of_a_tenth_already_is_told_in_words():
    question = experiment(max_steps=2000, fixed={"warmup_steps": 200})

    (one,) = stabilize(case(question, EARLY))

    assert not one.edits


# --- C3: cliffs and scales


def test_a_range_is_cut_where_everything_beyond_breaks():
    question = experiment()

    ((path, part, new),) = changes(
        narrow_unstable(case(question, cliff(), records=broken_above(question, 0.6)))
    )

    assert (path, part) == ("nuisance.learning_rate", "high")
    assert RATE.value(0.6) < new < RATE.value(0.7)


def test_a_range_is_not_cut_where_one_trial_beyond_trains():
    question = experiment()
    (study,) = studies(question)
    records = [
        *broken_above(question, 0.6),
        record(study, 40, 0.5, {"learning_rate": RATE.value(0.999), "share": 0.5}),
    ]

    assert narrow_unstable(case(question, cliff(), records=records)) == []


@pytest.mark.parametrize(("beyond", "cuts"), [(2, 0), (3, 1)])
def test_a_cut_needs_three_trials_beyond(beyond, cuts):
    question = experiment()
    (study,) = studies(question)
    broken = [(unit, 0.5) for unit in (0.7, 0.8, 0.9)[:beyond]]
    values = [0.1] * 5 + [None] * beyond
    records = at_units(study, [*[(k / 10, 0.5) for k in range(5)], *broken], values)

    assert len(narrow_unstable(case(question, cliff(), records=records))) == cuts


@pytest.mark.parametrize(
    "finding", [cliff(cause="scattered"), replace(cliff(), status="notice"), cliff(places=[])]
)
def test_few_or_scattered_infeasible_trials_cut_nothing(finding):
    question = experiment()

    assert narrow_unstable(case(question, finding, records=broken_above(question, 0.6))) == []


@pytest.mark.parametrize(
    "finding", [replace(EDGE, status="problem"), cliff()], ids=["edge", "cliff"]
)
def test_a_linear_range_over_decades_is_searched_in_its_logarithm(finding):
    question = experiment(nuisance={"learning_rate": WIDE})

    assert changes(use_log_scale(case(question, finding))) == [
        ("nuisance.learning_rate", "", Real(0.001, 1.0, log=True))
    ]


@pytest.mark.parametrize("domain", [Real(0.1, 1.0), Real(0.0, 1.0), RATE])
def test_a_range_of_few_decades_or_in_its_logarithm_stays(domain):
    question = experiment(nuisance={"learning_rate": domain})

    assert use_log_scale(case(question, EDGE)) == []


# --- C1


def test_a_crowded_side_is_widened():
    assert changes(widen(case(experiment(), EDGE))) == [("nuisance.learning_rate", "low", 3.1e-6)]


def test_a_side_inside_stays():
    assert widen(case(experiment(), INSIDE)) == []


def test_a_range_that_changes_its_scale_is_not_widened_in_the_same_round():
    found = advice(case(experiment(nuisance={"learning_rate": WIDE}), EDGE))

    assert [(one.rule, one.part) for one in found.recommendations] == [("C3", "")]


# --- C6


@pytest.mark.parametrize(
    ("fixed", "path"),
    [
        ({"weight_decay": 0.0, "dropout": 0.0}, "dropout"),
        ({"weight_decay": 0.0, "label_smoothing": 0.0}, "label_smoothing"),
        ({"weight_decay": 0.0}, "weight_decay"),
    ],
)
def test_an_overfitting_best_gets_one_regularizer_to_search(fixed, path):
    found = changes(regularize(case(experiment(fixed=fixed), OVERFITS)))

    assert [one[0] for one in found] == [f"nuisance.{path}", f"fixed.{path}"]


def test_a_strength_that_is_held_is_where_its_range_begins():
    found = changes(regularize(case(experiment(fixed={"dropout": 0.1}), OVERFITS)))

    assert found[0][2] == Real(0.1, 0.5)


def test_a_regularizer_that_is_searched_already_reaches_higher():
    question = experiment(nuisance={"learning_rate": RATE, "dropout": Real(0.05, 0.5)})

    ((path, _, new),) = changes(regularize(case(question, OVERFITS)))

    assert path == "nuisance.dropout"
    assert new.high > 0.5


def test_without_a_regularizer_a_person_is_told():
    (one,) = regularize(case(experiment(), OVERFITS))

    assert (one.edits, one.words) == ((), "C6: C6 was seen. Do what C6 asks.")


def test_regularization_that_is_the_question_is_left_alone():
    question = experiment(scientific={"use_dropout": [False, True]}, fixed={"weight_decay": 0.0})
    found = replace(OVERFITS, subject={"study": "use_dropout=false", "trial": 0})

    assert regularize(case(question, found)) == []


def test_a_best_that_does_not_overfit_is_not_regularized():
    question = experiment(fixed={"dropout": 0.0})

    assert regularize(case(question, replace(OVERFITS, status="ok"))) == []


# --- C9, C10, T5


@pytest.mark.parametrize("finding", [LATE, said("still_improving", "T1", "notice")])
def test_what_still_improves_is_trained_twice_as_long(finding):
    assert changes(longer(case(experiment(), finding))) == [("experiment.max_steps", "", 200)]


def improving(status, gain):
    trials = trained(experiment())
    best = min(trials, key=lambda one: one.best("valid/error", maximize=False).value)
    return said("still_improving", "C9", status, trial=best.id, gain=gain)


@pytest.mark.parametrize(
    ("finding", "longer_by"),
    [(improving("ok", 0.5), 0), (improving("notice", 1e-6), 0), (improving("notice", 0.5), 1)],
    ids=["flat", "too little", "enough"],
)
def test_a_late_gain_must_be_worth_a_round(finding, longer_by):
    question = experiment()

    assert len(longer(case(question, LATE, finding, records=trained(question)))) == longer_by


@pytest.mark.parametrize("finding", [TOO_LONG, replace(LATE, status="ok")])
def test_what_is_long_enough_is_not_trained_longer(finding):
    assert longer(case(experiment(), finding)) == []


def test_best_steps_that_all_fall_early_ask_for_several_times_the_latest():
    question = experiment()
    (study,) = studies(question)
    records = [
        record(study, k, [0.1, 0.5, 0.5, 0.6], {"learning_rate": 0.01, "share": 0.5})
        for k in range(20)
    ]

    found = shorter(case(question, TOO_LONG, records=records))

    assert changes(found) == [("experiment.max_steps", "", 4)]


def test_a_saturated_best_asks_for_half_as_many_again_as_it_needed():
    assert changes(shorter(case(experiment(), SATURATED))) == [("experiment.max_steps", "", 30)]


@pytest.mark.parametrize(
    "finding", [replace(SATURATED, status="ok"), replace(SATURATED, evidence={"share": 0.6})]
)
def test_steps_that_are_used_are_kept(finding):
    assert shorter(case(experiment(), finding)) == []


def test_one_saturated_study_of_two_shortens_nothing():
    found = replace(SATURATED, subject={"study": "optimizer=adam", "trial": 0})

    assert shorter(case(two_optimizers(), found)) == []


# --- C8


@pytest.mark.parametrize(("status", "told"), [("problem", 1), ("notice", 1), ("ok", 0)])
def test_late_jumps_are_left_to_a_person(status, told):
    assert len(steady(case(experiment(), said("step_variance", "C8", status)))) == told


# --- C2, Q10


def test_a_sparse_study_gets_the_trials_it_lacks():
    assert changes(more_trials(case(experiment(), SPARSE))) == [("experiment.trials", "", 32)]


def test_an_open_verdict_gets_as_many_again():
    found = more_trials(case(two_optimizers(), answer=OPEN))

    assert changes(found) == [("experiment.trials", "", 40)]


@pytest.mark.parametrize("finding", [cliff(), OVERFITS, EDGE])
def test_more_of_the_same_amends_no_other_problem(finding):
    assert more_trials(case(experiment(), SPARSE, finding)) == []


def test_a_dense_study_gets_no_more_trials():
    assert more_trials(case(experiment(), DENSE)) == []


def test_a_list_of_configurations_has_no_number_to_raise():
    question = experiment(trials=0, nuisance={}, configurations=[{"learning_rate": 0.1}])

    assert more_trials(case(question, SPARSE)) == []


# --- R2


def idle(name="share"):
    return said("importance", "R2", "notice", hyperparameter=name)


MATTERS = said("importance", "R2", "ok", hyperparameter="learning_rate")


def test_what_does_not_matter_is_held_where_the_best_trial_has_it():
    question = experiment()
    records = trained(question)

    found = case(question, idle(), MATTERS, records=records)
    best = found.best_first(found.studies[0])[0].record.setting["share"]

    assert changes(fix(found)) == [("fixed.share", "", best), ("nuisance.share", "", None)]


def test_what_does_not_help_is_left_out():
    question = experiment(nuisance={"learning_rate": RATE, "dropout": Real(0.0, 0.5)})

    found = fix(case(question, idle("dropout"), MATTERS, records=trained(question)))

    assert changes(found)[0] == ("fixed.dropout", "", 0.0)


@pytest.mark.parametrize(
    "found",
    [(MATTERS,), (idle(),), (idle(), MATTERS, EDGE), (idle(), MATTERS, cliff())],
    ids=["all matter", "none was seen to", "a side is open", "training breaks"],
)
def test_nothing_is_held_on_less_evidence(found):
    question = experiment()

    assert fix(case(question, *found, records=trained(question))) == []


def test_what_matters_in_one_of_two_studies_is_not_held():
    question = two_optimizers()
    here = replace(idle(), subject={"study": "optimizer=adam", "hyperparameter": "share"})
    there = replace(MATTERS, subject={"study": "optimizer=nesterov", "hyperparameter": "share"})

    assert fix(case(question, here, there)) == []


def test_a_dense_study_is_narrowed_around_what_is_good():
    question = experiment()

    found = changes(narrow(case(question, DENSE, INSIDE, records=trained(question))))

    sides = {(path, part): new for path, part, new in found}
    assert 0.0001 < sides["nuisance.learning_rate", "low"] < 0.003
    assert 0.1 > sides["nuisance.learning_rate", "high"] > 0.003


@pytest.mark.parametrize(
    "found",
    [(SPARSE,), (DENSE, EDGE), (replace(DENSE, status="notice"),)],
    ids=["sparse", "open side", "doubtful"],
)
def test_a_study_that_is_not_dense_or_whose_side_is_open_is_not_narrowed(found):
    question = experiment()

    assert narrow(case(question, *found, records=trained(question))) == []


def test_what_lies_within_the_noise_of_retraining_is_not_narrowed():
    question = experiment()
    (study,) = studies(question)
    noisy = [
        record(study, 100 + k, value, {"learning_rate": 0.01, "share": 0.5})
        for k, value in enumerate([0.2, 0.9, 0.5])
    ]

    records = [*trained(question), *noisy]

    assert narrow(case(question, DENSE, records=records)) == []


def behind(by=0.5, low=0.3, chance=0.01):
    return {"by": by, "low": low, "high": 0.7, "run": 9, "chance": chance, "max_chance": 0.05}


def three(lead):
    question = experiment(
        scientific={"optimizer": ["adam", "nesterov", "sgd"]},
        nuisance={"when": {"optimizer": {"sgd": {"momentum": SHARE}}}, "learning_rate": RATE},
    )
    leads = {"optimizer=sgd": lead, "optimizer=nesterov": behind(low=-0.1)}
    return case(question, answer=replace(OPEN, evidence={"leads": leads}))


def test_a_value_clearly_behind_leaves_with_what_exists_only_there():
    assert changes(drop(three(behind()))) == [
        ("scientific.optimizer", "values", ["adam", "nesterov"]),
        ("nuisance.when.optimizer.sgd.momentum", "", None),
    ]


@pytest.mark.parametrize("lead", [behind(low=-0.1), behind(chance=0.3)])
def test_a_value_that_luck_may_hold_back_stays(lead):
    assert drop(three(lead)) == []


def test_of_two_values_none_leaves():
    question = two_optimizers()
    lead = {"leads": {"optimizer=nesterov": behind()}}

    assert drop(case(question, answer=replace(OPEN, evidence=lead))) == []


# --- X1


def test_a_refined_space_is_handed_to_a_search_that_adapts():
    found = exploit(case(experiment(), DENSE, INSIDE), searches=(*SEARCHES, "bayesian"))

    assert changes(found) == [("experiment.search", "", "bayesian")]


def test_a_search_that_this_version_lacks_is_not_proposed():
    assert exploit(case(experiment(), DENSE, INSIDE), searches=("quasi_random",)) == []


def test_a_refined_space_that_is_compared_is_not_handed_over():
    names = [study.name for study in studies(two_optimizers())]
    found = [
        replace(one, subject={**one.subject, "study": name})
        for one in (DENSE, INSIDE)
        for name in names
    ]

    assert exploit(case(two_optimizers(), *found, answer=OPEN), searches=("bayesian",)) == []


@pytest.mark.parametrize("found", [(DENSE, EDGE), (SPARSE, INSIDE), (DENSE, INSIDE, cliff())])
def test_a_space_that_is_not_refined_is_explored_on(found):
    assert exploit(case(experiment(), *found), searches=("bayesian",)) == []


def test_where_exploration_is_over_a_search_that_adapts_takes_over_however_sparse():
    found = exploit_now(case(experiment(), SPARSE, INSIDE))

    assert changes(found) == [("experiment.search", "", "bayesian")]


def test_a_search_that_adapts_gets_more_trials_where_nothing_is_redrawn():
    found = exploit_now(case(experiment(search="bayesian"), INSIDE))

    assert changes(found) == [("experiment.trials", "", 2 * experiment().trials)]


def test_a_search_that_adapts_goes_on_in_the_redrawn_space():
    found = advice(case(experiment(search="bayesian"), EDGE), EXPLOITATION)

    assert {one.path for one in found.recommendations} == {"nuisance.learning_rate"}
    assert found.goal == "exploit"


def test_where_exploration_is_over_sides_are_redrawn_in_the_same_round():
    found = advice(case(experiment(), EDGE, SPARSE), EXPLOITATION)

    assert {one.path for one in found.recommendations} == {
        "nuisance.learning_rate",
        "experiment.search",
    }


def test_trouble_with_optimization_is_repaired_first_even_then():
    question = experiment(max_steps=2000, fixed={"warmup_steps": 0})

    assert advice(case(question, EDGE, EARLY), EXPLOITATION).goal == "repair optimization"


def test_what_compares_is_never_exploited():
    asked = case(two_optimizers(), said("coverage", "C2", "ok"), answer=OPEN)

    assert exploit_now(asked) == []
    assert advice(asked, EXPLOITATION) == advice(asked)


# --- the order, the file, the same again


def test_optimization_is_repaired_before_all_else_and_the_others_wait():
    question = experiment(max_steps=2000, fixed={"warmup_steps": 0, "dropout": 0.0})

    found = advice(case(question, EDGE, EARLY, OVERFITS, LATE))

    assert found.goal == "repair optimization"
    assert [one.partition(" (")[0] for one in found.waiting] == [
        "Redraw the space",
        "Regularize",
        "Train longer",
    ]


def test_the_order_is_said():
    assert all(step.goal in order() for step in EXPLORATION)


ROUNDS = [
    (EARLY, {"fixed": {"warmup_steps": 0}, "max_steps": 2000}),
    (LATER, {"fixed": {"gradient_clip": 0.0}}),
    (cliff(), {}),
    (EDGE, {}),
    (EDGE, {"nuisance": {"learning_rate": WIDE}}),
    (OVERFITS, {"fixed": {"weight_decay": 0.0}}),
    (LATE, {}),
    (SATURATED, {}),
    (SPARSE, {}),
    (idle(), {}),
    (DENSE, {}),
]


def wrong(finding, given) -> Context:
    question = experiment(**given)
    records = (
        broken_above(question, 0.6)
        if finding.rule == "C3"
        else trained(question, [0.5] * studies(question)[0].space.dimensions)
    )
    return case(question, finding, MATTERS, records=records)


@pytest.mark.parametrize(("finding", "given"), ROUNDS)
def test_no_proposed_file_has_a_finding_that_the_advice_caused(finding, given):
    one = wrong(finding, given)

    found = advice(one)

    assert found.recommendations
    assert caused(one.experiment, found.recommendations) == []


def test_the_file_without_what_is_behind_has_no_finding_either():
    one = three(behind())

    found = advice(one)

    assert found.goal == "drop what is behind"
    assert caused(one.experiment, found.recommendations) == []


@pytest.mark.parametrize(("finding", "search"), [(EDGE, "quasi_random"), (INSIDE, "bayesian")])
def test_no_file_that_exploits_has_a_finding_that_the_advice_caused(finding, search):
    one = case(experiment(search=search), finding)

    found = advice(one, EXPLOITATION)

    assert found.goal == "exploit"
    assert caused(one.experiment, found.recommendations) == []


def test_an_edit_that_a_rule_speaks_against_is_told_in_words():
    question = experiment(nuisance={"learning_rate": RATE, "beta1": Real(0.7, 0.99)})

    found = advice(case(question, idle("beta1"), MATTERS, records=trained(question)))

    assert found.recommendations == ()
    assert "fixed at" in found.words[0]
    assert found.words[0].endswith("So decide yourself.")


@pytest.mark.parametrize(("finding", "given"), ROUNDS)
def test_the_same_round_gives_the_same_advice(finding, given):
    assert advice(wrong(finding, given)) == advice(wrong(finding, given))


def test_the_order_of_trials_and_findings_changes_no_advice():
    question = experiment()
    records = broken_above(question, 0.6)
    found = findings(studies(question), records, question)

    same = advice(case(question, *found, records=records, answer=ALONE))
    turned = advice(case(question, *found[::-1], records=records[::-1], answer=ALONE))

    assert turned.recommendations == same.recommendations
