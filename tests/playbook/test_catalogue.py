import math
import re
import tomllib
from importlib.resources import files
from typing import get_args

import pytest

from etude.experiment import toml
from etude.experiment.hyperparameter import ROLES
from etude.playbook.catalogue import (
    Kind,
    entry_names,
    known,
    known_alias,
    known_optimizer,
    known_switch,
    limits,
)
from etude.playbook.rules import sentences
from etude.space import Choice, Integer, Real

ENTRIES = tomllib.loads(
    files("etude.playbook").joinpath("catalogue.toml").read_text(encoding="utf-8")
)
INF = math.inf
KINDS = get_args(Kind)


def ranges(entry):
    """Its starts, for any optimizer and for each that has its own, but those that list values."""
    starts = (entry.start, *entry.starts.values())
    return [start for start in starts if start and not isinstance(start, Choice)]


@pytest.mark.parametrize(
    ("name", "domain", "expected"),
    [
        ("learning_rate", Real(1e-4, 1.0, log=True), (0.0, INF)),
        ("lr", Real(0.1, 1.0), (0.0, INF)),
        ("momentum", Real(0.5, 0.9), (0.0, 1.0)),
        ("beta2", Real(0.9, 0.999, scale="one_minus_log"), (0.0, 1.0)),
        ("dropout_rate", Real(0.1, 0.5), (0.0, 1.0)),
        ("batch_size", Integer(16, 512, log=True), (1.0, INF)),
        ("warmup_steps", Integer(10, 500), (0.0, INF)),
        ("warmup_steps", Integer(10, 500, limits=(5, 800)), (5.0, 800.0)),
        ("dropout", Real(0.1, 0.5, limits=(-INF, 0.6)), (-INF, 0.6)),
        ("gizmo", Real(0.0, 1.0, limits=(-1, 1)), (-1.0, 1.0)),
    ],
)
def test_a_known_name_has_its_natural_limits(name, domain, expected):
    assert limits(name, domain) == expected


@pytest.mark.parametrize("name", ["Dropout", "DROPOUT-RATE", "decoder.dropout", "head/drop_rate"])
def test_a_name_is_known_in_its_usual_spellings(name):
    assert limits(name, Real(0.1, 0.5)) == (0.0, 1.0)


@pytest.mark.parametrize(
    "name",
    [
        "attn_dropout",
        "hidden_dropout_prob",
        "dropout_1",
        "dropout2",
        "drop_path",
        "model.ema_decay",
        "mixup_prob",
        "top_p",
        "batch_norm_momentum",
        "adam_beta_2",
    ],
)
def test_a_word_of_the_name_says_that_its_values_are_shares(name):
    assert limits(name, Real(0.1, 0.9)) == (0.0, 1.0)


@pytest.mark.parametrize("name", ["head_rate", "lr_decay", "decay", "growth_rate"])
def test_an_ambiguous_word_is_no_limit(name):
    assert limits(name, Real(0.1, 0.9)) == (-INF, INF)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (Real(0.1, 10.0, log=True), (0.0, INF)),
        (Integer(2, 64, log=True), (1.0, INF)),
        (Real(0.5, 0.99, scale="one_minus_log"), (0.0, 1.0)),
        (Real(-2.0, 0.99, scale="one_minus_log"), (-INF, 1.0)),
        (Real(0.0, 5.0), (0.0, INF)),
        (Real(0.2, 1.0), (-INF, 1.0)),
        (Real(0.0, 1.0), (0.0, 1.0)),
        (Real(-1.0, 1.0), (-INF, INF)),
        (Integer(0, 8), (0.0, INF)),
        (Integer(2, 8), (-INF, INF)),
        (Choice([0, 1]), (-INF, INF)),
    ],
)
def test_an_unknown_name_is_limited_by_its_scale(domain, expected):
    assert limits("gizmo", domain) == expected


def test_a_known_name_limits_a_linear_bound_by_what_is_known_alone():
    assert limits("weight_decay", Real(0.1, 1.0)) == (0.0, INF)


def test_a_domain_beyond_the_limits_of_its_name_means_something_else():
    assert limits("dropout", Real(5.0, 50.0)) == (-INF, INF)


def test_every_entry_names_its_source():
    entries = {name: known(name).source for name in ENTRIES}

    assert [one for one in entries.items() if not re.search(r"Playbook [A-Z]\d+", one[1])] == []


def test_the_rules_of_a_source_exist():
    unknown = [
        f"{name}: {rule}"
        for name in ENTRIES
        for rule in re.findall(r"\b[A-Z]\d+\b", known(name).source)
        if rule not in sentences()
    ]

    assert unknown == []


def test_an_entry_is_one_of_its_kinds_and_roles():
    wrong = {
        name: (entry.name, entry.kind, entry.role)
        for name, entry in ((name, known(name)) for name in ENTRIES)
        if entry.name != name or entry.kind not in KINDS or entry.role not in ROLES
    }

    assert wrong == {}


def test_a_start_lies_within_the_limits_and_above_none():
    beyond = [
        f"{name}: {start}"
        for name, entry in ((name, known(name)) for name in ENTRIES)
        for start in ranges(entry)
        if not entry.low <= start.low < start.high <= entry.high or start.low == entry.off
    ]

    assert beyond == []


def test_a_missing_start_has_its_reason():
    without = {name: known(name).source for name in ENTRIES if known(name).start is None}

    assert [name for name, source in without.items() if "No start: " not in source] == []


def test_an_optimizer_of_an_entry_is_known():
    unknown = [
        f"{name}: {optimizer}"
        for name in ENTRIES
        for optimizer in sorted({*known(name).optimizers, *known(name).starts})
        if known_optimizer(optimizer) != optimizer
    ]

    assert unknown == []


def test_no_name_stands_for_two_entries():
    names = {
        entry: {name.replace("_", "") for name in (entry, *table["aliases"])}
        for entry, table in ENTRIES.items()
    }

    assert len(set().union(*names.values())) == sum(map(len, names.values()))


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("LR", "learning_rate"),
        ("learningRate", "learning_rate"),
        ("Batch-Size", "batch_size"),
        ("weight decay", "weight_decay"),
        ("encoder.num_layers", "depth"),
        ("n_head", "heads"),
        ("num_train_epochs", "epochs"),
        ("train.steps", "max_steps"),
        ("decay_steps_factor", "decay_fraction"),
    ],
)
def test_a_hyperparameter_is_known_by_its_usual_names(name, entry):
    assert known(name).name == entry


@pytest.mark.parametrize(
    "name",
    ["gizmo", "", "rate", "gamma", "diffusion.steps", "eval.steps", "ppo.epochs", "warmup_factor"],
)
def test_what_is_not_known_is_none(name):
    assert known(name) is None


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("dropout", "dropout"),
        ("use_dropout", "dropout"),
        ("with-label-smoothing", "label_smoothing"),
        ("augmentation", "augmentation_strength"),
    ],
)
def test_a_switch_is_known_with_its_strength(name, entry):
    assert known_switch(name).name == entry


@pytest.mark.parametrize("name", ["momentum", "use_bias", "optimizer"])
def test_what_switches_no_strength_is_no_switch(name):
    assert known_switch(name) is None


@pytest.mark.parametrize(
    ("optimizer", "low"), [("Adam", 1e-5), ("nesterov_momentum", 1e-3), ("lion", 1e-5), ("", 1e-5)]
)
def test_a_start_may_depend_on_the_optimizer(optimizer, low):
    assert known("learning_rate").start_for(optimizer).low == low


@pytest.mark.parametrize(
    ("name", "optimizer", "belongs"),
    [
        ("beta1", "adamw", True),
        ("beta1", "nesterov", False),
        ("beta1", "lion", True),
        ("momentum", "RMSProp", True),
        ("weight_decay", "sgd", True),
    ],
)
def test_an_optimizer_has_what_it_owns(name, optimizer, belongs):
    assert known(name).belongs_to(optimizer) == belongs


def test_the_first_experiment_searches_where_the_catalogue_starts():
    text = files("etude.cli").joinpath("first/experiment.toml").read_text(encoding="utf-8")
    searched = toml.loads(text).nuisance

    assert searched == {name: known(name).start_for("momentum") for name in searched}


# --- what names are taken for: usual ones, and their false friends

RATES = [
    "lr",
    "lr_G",
    "lr_D",
    "lrate",
    "l_rate",
    "base_lr",
    "init_lr",
    "initial_lr",
    "optimizer.lr",
    "lr_adam",
    "peak_lr",
    "max_lr",
    "learning_rate_g",
    "optim/learning_rate",
    "lr_encoder",
    "lr_head",
    "head_lr",
    "backbone_lr",
    "actor_lr",
    "critic_lr",
    "lr_gen",
    "disc_lr",
    "generator_learning_rate",
    "bert_lr",
    "policy_lr",
    "vf_lr",
    "trainer__optimizer__lr",
    "opt.lr",
    "hparams/lr",
    "train_lr",
    "finetune_lr",
    "sgd_lr",
    "muon_lr",
    "lr0",
    "lr_max",
    "max_lr_G",
    "LearningRate",
    "learningRate",
    "baseLR",
    "lr_base",
    "lrG",
    "lr.G",
    "lr/encoder",
    "lr-G",
    "learning-rate",
    "last_layer_lr",
    "final_layer_lr",
    "alpha_lr",
]
NO_RATES = [
    "lr_scheduler",
    "lr_decay",
    "lr_warmup_steps",
    "min_lr_ratio",
    "use_lr_schedule",
    "n_lr_steps",
    "lr_decay_rate",
    "lr_gamma",
    "lr_step",
    "lr_steps",
    "lr_step_size",
    "scheduler.step_size",
    "lr_policy",
    "lr_factor",
    "lr_patience",
    "lr_mult",
    "lr_scale",
    "scale_lr",
    "decay_lr",
    "min_lr",
    "final_lr",
    "end_lr",
    "warmup_lr",
    "lr_schedule.name",
    "lr.scheduler",
    "lr_scheduler.gamma",
    "lr_milestones",
    "lr_drop",
    "lr_power",
    "log_lr",
    "lr_momentum",
    "lr_dropout",
    "lr_range_test",
    "find_lr",
    "auto_lr_find",
    "lr_ratio",
    "lr_cycle_length",
    "lr_plateau_patience",
    "llr",
    "colr",
    "lr_batch_size",
    "num_lr_drops",
    "lr_logger",
    "early_stopping_lr",
    "rate",
    "growth_rate",
]


@pytest.mark.parametrize("name", RATES)
def test_a_learning_rate_is_one_under_any_of_its_names(name):
    assert known(name).name == "learning_rate"


@pytest.mark.parametrize("name", NO_RATES)
def test_what_only_speaks_of_a_learning_rate_is_none(name):
    entry = known(name)

    assert entry is None or entry.name != "learning_rate"


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("wd_G", "weight_decay"),
        ("encoder_weight_decay", "weight_decay"),
        ("optimizer.weight_decay", "weight_decay"),
        ("adamw_wd", "weight_decay"),
        ("sgd.momentum", "momentum"),
        ("momentum_G", "momentum"),
        ("beta1_D", "beta1"),
        ("adam__beta_1", "beta1"),
        ("betas[1]", "beta2"),
        ("adam.eps", "epsilon"),
        ("attn_dropout", "dropout"),
        ("decoder.dropout", "dropout"),
        ("dropout.attention", "dropout"),
        ("resid_pdrop", "dropout"),
        ("train.batch_size", "batch_size"),
        ("per_gpu_batch_size", "batch_size"),
        ("batchSize", "batch_size"),
        ("warmup.steps", "warmup_steps"),
        ("scheduler.warmup_steps", "warmup_steps"),
        ("warmup_ratio", "warmup_fraction"),
        ("grad_clip_D", "gradient_clip"),
        ("label_smoothing_decoder", "label_smoothing"),
        ("optimizer.name", "optimizer"),
        ("ema_momentum", "ema_decay"),
        ("drop_path_rate", "stochastic_depth"),
    ],
)
def test_a_part_of_a_model_may_have_one_of_its_own(name, entry):
    assert known(name).name == entry


@pytest.mark.parametrize(
    "name",
    [
        "use_l2",
        "l2_norm",
        "use_dropout",
        "dropout_schedule",
        "dropout_keep_prob",
        "dropout_layers",
        "bn_momentum",
        "batch_norm.momentum",
        "teacher_momentum",
        "momentum_encoder",
        "beta",
        "kl_beta_1",
        "beta1_schedule",
        "layer_norm.eps",
        "clip_eps",
        "clip.epsilon",
        "eval_batch_size",
        "eval.batch_size",
        "val_bs",
        "batch_norm",
        "max_batch_norm",
        "warmup_epochs",
        "warmup_lr",
        "use_warmup",
        "warmup_type",
        "grad_clip_value",
        "weight_decay_schedule",
        "smoothing_window",
    ],
)
def test_a_false_friend_is_none(name):
    assert known(name) is None


def test_a_person_says_what_a_name_is():
    assert known("gizmo", {"gizmo": "momentum"}).name == "momentum"
    assert known("lr_G", {"lr_G": ""}) is None
    assert known("lr", {"gizmo": "momentum"}).name == "learning_rate"


def test_a_person_says_what_is_switched():
    assert known_switch("noise", {"noise": "dropout"}).name == "dropout"


def test_an_alias_is_a_whole_name():
    assert known_alias("lr").name == "learning_rate"
    assert known_alias("lr_G") is None


@pytest.mark.parametrize("name", entry_names())
def test_an_entry_is_known_by_its_own_name(name):
    assert known(name).name == name


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("per_device_train_batch_size", "batch_size"),
        ("per_gpu_train_batch_size", "batch_size"),
        ("micro_batch_size", "batch_size"),
        ("micro_batch_size_per_gpu", "batch_size"),
        ("mini_batch_size", "batch_size"),
        ("bsz", "batch_size"),
        ("ims_per_batch", "batch_size"),
        ("imgs_per_gpu", "batch_size"),
        ("micro_bsz", "batch_size"),
        ("device_train_microbatch_size", "batch_size"),
        ("train_batch", "batch_size"),
        ("num_epochs", "epochs"),
        ("nb_epoch", "epochs"),
        ("max_updates", "max_steps"),
        ("total_timesteps", "max_steps"),
        ("accumulate_grad_batches", "gradient_accumulation"),
    ],
)
def test_size_and_length_are_known_by_their_usual_names(name, entry):
    assert known(name).name == entry


@pytest.mark.parametrize(
    "name",
    [
        *("per_gpu_eval_batch_size", "generation_batch_size", "ghost_batch_size", "num_batches"),
        *("bs_norm", "batch_size_schedule", "batches_per_epoch", "steps_per_epoch", "eval_steps"),
        *("logging_steps", "warmup_epochs", "save_epochs", "num_inference_steps", "lbs", "obs"),
        *("n_batch", "nbatch", "num_minibatches", "train_batches", "eval_bsz", "train_batch_norm"),
    ],
)
def test_what_only_speaks_of_a_size_or_a_length_is_none(name):
    assert known(name) is None
