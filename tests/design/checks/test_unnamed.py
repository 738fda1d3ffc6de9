from __future__ import annotations

import pytest
from tests.form import offences

from etude.code import CodeFile
from etude.design.checks.unnamed import findings
from etude.design.split import split
from etude.playbook.problems import problems
from etude.space import Choice, Real

from ..designs import BETA, DECAY, RATE, design

ADAM = {"optimizer": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}


def said(text="", **given):
    experiment = design(**given)
    found = findings(experiment, split(experiment), [CodeFile("train.py", "", text)])
    assert [(one.headline, offence) for one in found for offence in offences(one)] == []
    return found


def unnamed(text="", **given):
    return [one.evidence["unnamed"] for one in said(text, **given)]


@pytest.mark.rule("R6", "S2")
@pytest.mark.parametrize(
    ("optimizer", "missing"),
    [
        ("sgd", ["weight_decay"]),
        ("Nesterov", ["momentum", "weight_decay"]),
        ("rmsprop", ["rmsprop_decay", "momentum", "epsilon", "weight_decay"]),
        ("Adam", ["beta1", "beta2", "epsilon", "weight_decay"]),
    ],
)
def test_what_an_optimizer_has_and_nobody_names_is_asked_for(optimizer, missing):
    (one,) = said(fixed={"optimizer": optimizer})

    assert (one.rule, one.status, one.evidence["unnamed"]) == ("R6", "notice", missing)


@pytest.mark.parametrize(
    "given",
    [
        {"fixed": ADAM},
        {"fixed": {"optim": "adam", "betas[0]": 0.9, "b2": 0.999, "eps": 1e-8, "wd": 0.0}},
        {"fixed": {**ADAM, "beta1": 0.9}, "nuisance": {"lr": RATE, "weight_decay": DECAY}},
        {"fixed": {"optimizer": "sgd", "use_weight_decay": False}},
        {"fixed": {"optimizer": "sgd", "rho": 0.1}, "names": {"rho": "weight_decay"}},
        {"fixed": {"optimizer": "lion"}},
        {"fixed": {"batch_size": 64}},
        {"fixed": {"optimizer": "adam"}, "search": "imported"},
    ],
)
def test_nothing_is_asked_where_all_is_named_or_the_optimizer_is_not_known(given):
    nuisance = given.get("nuisance", {"learning_rate": RATE})
    fixed = {name: value for name, value in given["fixed"].items() if name not in nuisance}

    assert said(**{**given, "nuisance": nuisance, "fixed": fixed}) == []


def test_a_beta_says_that_it_is_adam():
    assert unnamed(nuisance={"lr": RATE, "beta1": BETA}) == [["beta2", "epsilon", "weight_decay"]]


def test_each_optimizer_that_is_compared_is_asked_for_its_own():
    fixed = {"weight_decay": 0.0, "when": {"optimizer": {"adam": {"beta1": 0.9, "beta2": 0.99}}}}

    (first, second) = said(scientific={"optimizer": ["momentum", "adam"]}, fixed=fixed)

    assert (first.subject, first.evidence["unnamed"]) == (
        {"study": "optimizer=momentum"},
        ["momentum"],
    )
    assert (second.subject, second.evidence["unnamed"]) == (
        {"study": "optimizer=adam"},
        ["epsilon"],
    )


def test_studies_that_lack_the_same_are_said_together():
    (one,) = said(scientific={"layers": [1, 2]}, fixed={"optimizer": "nesterov", "momentum": 0.9})

    assert one.subject == {}
    assert one.headline == "`weight_decay` of `nesterov` is not named"


# --- what the training code shows

CALL = 'import torch\n\ndef train(trial):\n    torch.optim.Adam([], lr=trial["learning_rate"]{})\n'


def test_the_code_tells_the_optimizer_and_the_values_that_it_takes():
    (one,) = said(CALL.format(", betas=(0.9, 0.95)"), fixed={"weight_decay": 0.0})

    assert one.evidence["unnamed"] == ["beta1", "beta2", "epsilon"]
    assert one.evidence["values"] == {"beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8}
    assert "line 4 of `train.py`" in one.message
    assert one.advice.startswith("Write `beta1 = 0.9`, `beta2 = 0.95` and `epsilon = 1e-08`")


def test_what_the_code_takes_from_a_name_of_the_file_is_named():
    text = CALL.format(', betas=(1 - trial["gap"], 0.999), weight_decay=trial.setting["decay"]')

    assert unnamed(text, fixed={"gap": 0.1, "decay": 0.0}) == [["beta2", "epsilon"]]


def test_the_call_of_the_optimizer_that_the_file_names_counts():
    text = CALL.format("") + "    torch.optim.SGD([], 0.1, momentum=0.9)\n"

    assert unnamed(text, fixed={"optimizer": "adam"})[0][:2] == ["beta1", "beta2"]
    assert unnamed(text, fixed={"optimizer": "momentum"}) == [["momentum", "weight_decay"]]
    assert unnamed(text, fixed={"batch_size": 64}) == []


@pytest.mark.parametrize("text", ["def broken(", "import torch\ntorch.optim.Adam(**options)", "\0"])
def test_code_that_cannot_be_read_tells_nothing(text):
    assert said(text, fixed={"batch_size": 64}) == []


# --- what such problems usually have


@pytest.mark.rule("R6")
@pytest.mark.parametrize("kind", problems())
def test_a_kind_of_problem_is_asked_for_what_is_usual(kind):
    usual = list(problems()[kind].hyperparameters)

    (one,) = said(kind=kind, scientific={"gizmo": [1, 2]}, fixed={})

    assert (one.status, one.evidence["unnamed"]) == ("notice", usual)
    assert f"`{kind}`" in one.message


def test_what_a_kind_of_problem_usually_has_may_go_by_another_name():
    fixed = {"bs": 64, "scheduler": "cosine", "warmup_ratio": 0.1, "max_grad_norm": 1.0, "wd": 0.1}

    assert said(kind="language-model", fixed=fixed) == []


def test_what_the_optimizer_was_asked_for_is_not_asked_for_again():
    first, second = said(kind="tabular", fixed={"optimizer": "sgd", "batch_size": 64})

    assert first.evidence["unnamed"] == ["weight_decay"]
    assert second.evidence["unnamed"] == ["dropout"]


def test_a_searched_optimizer_is_asked_for_its_role_first():
    choice = {"learning_rate": RATE, "optimizer": Choice(["adam", "sgd"]), "x": Real(0.1, 1.0)}

    assert said(nuisance=choice, fixed={}) == []
