from __future__ import annotations

import pytest

from etude.space import Choice, Integer, Real

from ..designs import BETA, DECAY, RATE, design, findings_of, listed, statuses

SIZES = Integer(16, 512, log=True)
OPTIMIZERS = {"optimizer": ["nesterov", "adam"]}


def tuned(**nuisance):
    return design(nuisance={"learning_rate": RATE, **nuisance}, fixed={})


# --- S3


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("metric", "status"),
    [
        ("valid/error", ["problem"]),
        ("val_loss", ["problem"]),
        ("test/accuracy", ["problem"]),
        ("accuracy", ["unclear"]),
        ("train/loss", []),
    ],
)
def test_a_batch_size_is_not_judged_by_a_validation_metric(metric, status):
    judged = design(metric=metric, nuisance={"learning_rate": RATE, "bs": SIZES}, fixed={})

    assert statuses(judged, "S3") == status


def test_a_scientific_batch_size_is_not_judged_by_a_validation_metric_either():
    (one,) = findings_of(design(scientific={"batch_size": [32, 256]}, fixed={}), "S3")

    assert (one.status, one.evidence["role"]) == ("problem", "scientific")


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    "name",
    [
        *("batch_size", "bs", "train_bs", "train_batch_size", "per_device_train_batch_size"),
        *("per_gpu_batch_size", "micro_batch_size", "minibatch_size", "data_bs", "batchSize"),
        "gradient_accumulation_steps",
    ],
)
def test_a_batch_size_that_varies_over_configurations_is_searched(name):
    (one,) = findings_of(listed({name: 200, "lr": 0.1}, {name: 100, "lr": 0.2}), "S3")

    assert (one.status, one.subject) == ("problem", {"hyperparameter": name})
    assert f"`{name}` (`[100, 200]`) varies over the configurations" in one.message
    assert one.evidence["path"] == f"configurations.{name}"


def test_a_batch_size_that_is_the_same_in_each_configuration_is_fixed():
    alike = listed({"batch_size": 64, "lr": 0.1}, {"batch_size": 64, "lr": 0.2})

    assert findings_of(alike, "S3") == findings_of(alike, "T4") == []


@pytest.mark.parametrize(
    "name",
    ["eval_batch_size", "per_device_eval_batch_size", "bs_norm", "batch_norm", "num_batches"],
)
def test_what_only_speaks_of_a_batch_is_no_batch_size(name):
    assert findings_of(tuned(**{name: SIZES}), "S3") == []


def test_a_batch_size_is_what_a_person_says():
    own = design(nuisance={"lr": RATE, "chunk": SIZES}, fixed={}, names={"chunk": "batch_size"})
    none = design(nuisance={"lr": RATE, "bs": SIZES}, fixed={}, names={"bs": ""})

    assert statuses(own, "S3") == ["problem"]
    assert statuses(none, "S3") == []


# --- T4


@pytest.mark.rule("T4")
@pytest.mark.parametrize(
    "name",
    [
        *("max_steps", "num_train_epochs", "epochs", "training_steps", "train_steps"),
        *("n_iters", "max_iter", "iterations", "num_steps", "steps", "train.steps", "num_epochs"),
    ],
)
def test_a_length_tuned_inside_a_study_is_a_problem(name):
    (one,) = findings_of(tuned(**{name: Choice([2, 3, 4], ordered=True)}), "T4")

    assert (one.status, one.subject) == ("problem", {"hyperparameter": name})


@pytest.mark.parametrize("name", ["max_steps", "train_steps", "epochs", "n_iters"])
def test_a_length_that_varies_over_configurations_is_a_problem(name):
    (one,) = findings_of(listed({name: 100, "lr": 0.1}, {name: 200, "lr": 0.1}), "T4")

    assert (one.status, one.subject) == ("problem", {"hyperparameter": name})
    assert one.evidence["path"] == f"configurations.{name}"


@pytest.mark.parametrize("name", ["warmup_steps", "decay_steps", "warmup.steps", "lr_decay/steps"])
def test_a_part_of_a_training_is_no_length_of_it(name):
    assert findings_of(tuned(**{name: Integer(10, 100)}), "T4") == []
    assert findings_of(listed({name: 10}, {name: 20}), "T4") == []


def test_a_length_is_what_a_person_says():
    own = design(nuisance={"lr": RATE, "sched_n": SIZES}, names={"sched_n": "max_steps"})

    assert statuses(own, "T4") == ["problem"]


def test_lengths_that_are_compared_are_the_same_in_each_study():
    assert statuses(design(scientific={"epochs": [3, 6]}), "T4") == ["notice"]


# --- R7


@pytest.mark.rule("R7")
def test_a_fixed_learning_rate_makes_a_comparison_unfair():
    (one,) = findings_of(design(nuisance={"weight_decay": DECAY}, fixed={"lr": 0.1}), "R7")

    assert one.status == "problem"
    assert "`lr = { low = 1e-5, high = 1.0, log = true }`" in one.advice


def test_a_fixed_learning_rate_without_a_comparison_is_a_caveat():
    alone = design(scientific={}, nuisance={"weight_decay": DECAY}, fixed={"learning_rate": 0.1})

    assert statuses(alone, "R7") == ["notice"]


@pytest.mark.parametrize(
    "fixed",
    [
        listed({"width": 8}, {"width": 16}, fixed={"lr": 0.1}),
        listed({"width": 8, "lr": 0.1}, {"width": 16, "lr": 0.1}),
    ],
    ids=["beside", "in each"],
)
def test_a_learning_rate_that_no_configuration_varies_is_fixed(fixed):
    (one,) = findings_of(fixed, "R7")

    assert one.status == "problem"
    assert one.advice.startswith("Give `lr` values of its own in the configurations")


def test_a_learning_rate_that_varies_over_configurations_is_not_fixed():
    assert findings_of(listed({"lr": 0.1}, {"lr": 0.2}), "R7") == []


def test_a_learning_rate_cannot_be_tuned_with_one_trial():
    assert findings_of(design(trials=1, nuisance={}, fixed={"learning_rate": 0.1}), "R7") == []


@pytest.mark.rule("R7", "Q11")
@pytest.mark.parametrize(
    ("trials", "named"),
    [
        (9, []),
        (10, ["beta1"]),
        (24, ["beta1"]),
        (25, ["beta1", "epsilon"]),
        (100, ["beta1", "beta2", "epsilon"]),
    ],
)
def test_what_the_budget_does_not_pay_for_may_be_fixed(trials, named):
    adam = design(trials=trials, fixed={"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})

    found = findings_of(adam, "R7")

    assert [one.subject["hyperparameter"] for one in found] == named
    assert {one.status for one in found} <= {"notice"}


def test_a_conditional_one_is_named_with_its_study():
    fixed = {"when": {"optimizer": {"nesterov": {"momentum": 0.9}}}}

    (one,) = findings_of(design(scientific=OPTIMIZERS, fixed=fixed), "R7")

    assert one.subject == {"hyperparameter": "momentum", "study": "optimizer=nesterov"}
    assert one.evidence["path"] == "fixed.when.optimizer.nesterov.momentum"


@pytest.mark.parametrize(
    ("optimizer", "fixed"), [("sgd", {"beta1": 0.9}), ("adam", {"momentum": 0.9})]
)
def test_what_another_optimizer_owns_is_no_loss(optimizer, fixed):
    assert findings_of(design(fixed={"optimizer": optimizer, **fixed}), "R7") == []


@pytest.mark.parametrize(
    "fixed",
    [
        {"momentum": 0.0},
        {"momentum": "none"},
        {"nesterov": True},
        {"warmup_steps": 100},
        {"gradient_clip": 1.0},
        {"schedule": "cosine"},
    ],
)
def test_what_is_off_or_found_by_a_procedure_may_be_fixed(fixed):
    assert findings_of(design(trials=200, fixed=fixed), "R7") == []


def test_the_advice_has_the_range_of_the_optimizer():
    rates = {"when": {"optimizer": {"adam": {"learning_rate": 1e-3}}}}

    (one,) = findings_of(design(scientific=OPTIMIZERS, nuisance={}, fixed=rates), "R7")

    assert "{ low = 1e-5, high = 0.1, log = true }" in one.advice


# --- R6


@pytest.mark.rule("R6")
@pytest.mark.parametrize("size", ["layers", "width", "d_model", "num_filters", "model_size"])
def test_a_fixed_weight_decay_says_little_about_sizes(size):
    (one,) = findings_of(design(scientific={size: [2, 4]}, fixed={"weight_decay": 1e-4}), "R6")

    assert (one.status, one.evidence["compared"]) == ("problem", [size])


@pytest.mark.parametrize(
    ("scientific", "fixed"),
    [
        ({"layers": [2, 4]}, {"weight_decay": 0.0}),
        ({"layers": [2, 4]}, {"weight_decay": "cosine"}),
        ({"layers": [2, 4]}, {"batch_size": 64}),
        ({"heads": [2, 4]}, {"weight_decay": 1e-4}),
        ({"activation": ["relu", "gelu"]}, {"weight_decay": 1e-4, "width": 64}),
    ],
)
def test_weight_decay_may_be_fixed_where_no_size_is_compared_or_there_is_none(scientific, fixed):
    assert findings_of(design(scientific=scientific, fixed=fixed), "R6") == []


def test_a_searched_momentum_or_beta_is_as_it_should_be():
    assert (
        findings_of(tuned(momentum=Real(0.7, 0.999, scale="one_minus_log"), beta1=BETA), "R7") == []
    )


@pytest.mark.rule("W2")
def test_a_known_walk_through_searches_batch_size_and_length():
    searched = {"learning_rate": RATE, "batch_size": SIZES, "epochs": Integer(2, 5)}
    both = design(nuisance=searched, fixed={})
    alone = design(nuisance={"learning_rate": RATE, "batch_size": SIZES}, fixed={})

    said = [one.message for rule in ("S3", "T4") for one in findings_of(both, rule)]

    assert ["a known walk-through searches it" in message for message in said] == [True, True]
    assert "walk-through" not in findings_of(alone, "S3")[0].message


@pytest.mark.rule("W3")
def test_a_walk_through_that_stops_early_goes_against_k1_too():
    searched = {"learning_rate": RATE, "batch_size": SIZES, "epochs": Integer(2, 5)}
    stopped = design(nuisance=searched, fixed={}, schedule="asha")

    assert "stops early (K1)" in findings_of(stopped, "T4")[0].message


# --- R8


@pytest.mark.rule("R8")
@pytest.mark.parametrize("name", ["optimizer", "optim", "training.optimizer", "use_nesterov"])
def test_an_optimizer_is_scientific_or_fixed(name):
    (one,) = findings_of(tuned(**{name: Choice(["a", "b"])}), "R8")

    assert (one.status, one.subject) == ("notice", {"hyperparameter": name})
    assert one.headline == f"`{name}` is searched as a nuisance: make it scientific, or fix it"


def test_an_optimizer_that_varies_over_configurations_is_searched():
    (one,) = findings_of(listed({"optimizer": "sgd"}, {"optimizer": "adam"}), "R8")

    assert '`optimizer` (`["sgd", "adam"]`) varies over the configurations' in one.message


@pytest.mark.parametrize(
    "given",
    [
        {"scientific": OPTIMIZERS},
        {"fixed": {"optimizer": "adam"}},
        {"nuisance": {"learning_rate": RATE, "optimizer_state": Choice(["a", "b"])}},
        {"nuisance": {"opt": Choice(["a", "b"])}, "names": {"opt": ""}},
    ],
)
def test_an_optimizer_that_is_asked_or_fixed_is_as_it_should_be(given):
    assert findings_of(design(**given), "R8") == []


# --- R10


@pytest.mark.rule("R10")
@pytest.mark.parametrize(
    "name", ["width", "n_layers", "encoder.num_layers", "d_model", "n_heads", "norm_layer"]
)
def test_what_the_model_costs_is_scientific_or_fixed(name):
    (one,) = findings_of(tuned(**{name: Choice([2, 4, 8])}), "R10")

    assert (one.status, one.subject) == ("notice", {"hyperparameter": name})
    assert f"`{name}` (`[2, 4, 8]`) is searched as a nuisance" in one.message


@pytest.mark.parametrize(
    "given",
    [
        {"scientific": {"layers": [2, 4]}},
        {"fixed": {"layers": 2}},
        {"nuisance": {"learning_rate": RATE, "activation": Choice(["relu", "gelu"])}},
        {"nuisance": {"learning_rate": RATE, "init_scale": Real(0.1, 10.0, log=True)}},
        {"nuisance": {"width": Choice([2, 4])}, "names": {"width": ""}},
    ],
)
def test_what_costs_nothing_may_be_a_nuisance(given):
    asked = {"scientific": {"gizmo": ["a", "b"]}, **given}

    assert findings_of(design(**asked), "R10") == []
