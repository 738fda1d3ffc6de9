from __future__ import annotations

import pytest

from etude.playbook.metrics import is_loss, known_metric, known_metrics

USUAL = {
    "train/loss": "train_loss training_loss trainLoss loss/train Train.Loss train/loss_epoch "
    "train_loss_step metrics/train_loss train_loss_avg loss_train trainer/train_loss "
    "train_nll train/ce",
    "valid/loss": "val_loss val/loss valid_loss validation_loss eval_loss eval/loss loss/val "
    "dev_loss valLoss val-loss val_nll valid/cross_entropy "
    "metrics/val_loss Loss/validation val_loss_epoch loss_valid",
    "test/loss": "test_loss test/loss loss/test",
    "grad_norm": "grad_norm gradient_norm train/grad_norm grad_2.0_norm_total grad_norm/global"
    " gnorm",
    "epoch": "epoch trainer/epoch train/epoch",
}
OTHERS = [
    "loss",
    "gen_loss",
    "train/box_loss",
    "best_val_loss",
    "val_loss_min",
    "val_loss_ema",
    "val_acc",
    "val_error",
    "train_val_loss",
    "eval_runtime",
    "lossy",
    "clipped_grad_norm",
    "grad_norm_D",
    "max_grad_norm",
    "grad_scale",
    "val_epoch",
    "n_epochs",
    "losses",
    "weight_norm",
    "train/lr",
]


@pytest.mark.parametrize(
    ("known", "name"), [(known, name) for known in USUAL for name in USUAL[known].split()]
)
def test_a_metric_is_known_by_its_usual_names(known, name):
    assert known_metric(name) == known


@pytest.mark.parametrize("name", OTHERS)
def test_another_metric_is_none_that_checks_ask_for(name):
    assert known_metric(name) == ""


def test_a_bare_loss_beside_a_validation_loss_is_the_trainings():
    assert known_metrics(["loss", "val_loss"]) == {"loss": "train/loss", "val_loss": "valid/loss"}


def test_a_bare_loss_is_itself_where_it_judges_or_stands_alone():
    assert known_metrics(["loss", "val_loss"], metric="loss") == {"val_loss": "valid/loss"}
    assert known_metrics(["loss", "acc"]) == {}


def test_a_known_name_stays_what_it_is():
    assert known_metrics(["valid/loss", "val_loss"]) == {}


def test_of_several_the_one_that_judges_counts_then_the_shortest():
    assert known_metrics(["eval_loss", "val_loss"]) == {"val_loss": "valid/loss"}
    assert known_metrics(["eval_loss", "val_loss"], metric="eval_loss") == {
        "eval_loss": "valid/loss"
    }


def test_a_person_says_which_is_meant():
    assert known_metrics(["eval_loss", "val_loss"], {"eval_loss": "valid/loss"}) == {
        "eval_loss": "valid/loss"
    }
    assert known_metrics(["nll", "val_loss"], {"nll": "train/loss", "val_loss": ""}) == {
        "nll": "train/loss"
    }


@pytest.mark.parametrize(
    "name", ["Train Loss", "train_nll", "loss/train", "val-loss", "ce", "box_loss", "LOSS"]
)
def test_a_loss_goes_by_many_names(name):
    assert is_loss(name)


@pytest.mark.parametrize("name", ["loss_scale", "val_loss_weight", "entropy", "acc", "lossy"])
def test_what_only_speaks_of_a_loss_is_none(name):
    assert not is_loss(name)


def test_a_loss_called_so_comes_before_its_synonym():
    assert known_metrics(["train_nll", "training_loss"]) == {"training_loss": "train/loss"}
