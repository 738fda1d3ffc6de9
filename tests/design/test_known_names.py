from __future__ import annotations

from tests.factories import RATE, experiment

from etude.design.known_names import taken_for, taken_line


def named(**names):
    return experiment(
        metric="val_loss", nuisance={"lr_G": RATE, "lr_D": RATE, "gizmo": RATE}, names=names
    )


def test_a_name_that_is_not_ours_is_taken_for_one_that_is():
    assert taken_for(named(), ["train_loss", "acc"]) == {
        "lr_D": "learning_rate",
        "lr_G": "learning_rate",
        "train_loss": "train/loss",
        "val_loss": "valid/loss",
    }


def test_what_a_person_says_is_not_told_them():
    assert taken_for(named(lr_D="", lr_G="learning_rate", val_loss="valid/loss")) == {}


def test_our_own_names_are_not_told():
    assert taken_for(experiment()) == {}


def test_names_of_one_kind_share_a_clause():
    line = taken_line(taken_for(named()))

    assert line == (
        "`lr_D`, `lr_G` are taken as `learning_rate`; `val_loss` as `valid/loss`. "
        "Change it in `[names]`."
    )


def test_many_are_counted():
    line = taken_line({f"x{k}": f"known{k}" for k in range(9)})

    assert line.startswith("`x0` is taken as `known0`; `x1` as `known1`")
    assert "; 3 more. " in line


def test_nothing_is_said_of_nothing():
    assert taken_line({}) == ""


def test_a_switch_is_taken_for_no_number():
    switches = experiment(nuisance={}, fixed={"ema": True, "clip": False, "use_nesterov": True})

    assert taken_for(switches) == {"use_nesterov": "nesterov"}
