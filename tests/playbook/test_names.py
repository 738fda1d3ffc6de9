"""What names are taken for: usual names of hyperparameters, and their false friends."""

from __future__ import annotations

import pytest

from etude.playbook.catalogue import entry_names, known, known_alias, known_switch

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
