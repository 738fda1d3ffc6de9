"""Every rule that speaks of a design: its finding, its silence, its acknowledgement."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.form import offences

from etude.design.checks import CHECKS
from etude.design.split import split
from etude.experiment import toml
from etude.experiment.validation import DESIGN_RULES
from etude.finding import to_json
from etude.playbook.rules import sentences
from etude.space import Choice, Integer, Real

from ..designs import BETA, DECAY, RATE, design, findings_of

ROOT = Path(__file__).parents[3]
WIDTHS = {"width": [64, 256]}
SWITCH = {"dropout": ["off", "on"]}
ADAM = {"learning_rate": RATE, "beta1": BETA}
TWO = {"activation": ["relu", "gelu"], "depth": [1, 2]}
BUNDLE = {"dropout": ["off", "on"], "when": {"dropout": {"on": {"place": ["before", "after"]}}}}
CUBE = {"learning_rate": RATE, "share": Real(0.1, 1.0), "slope": Real(0.1, 1.0)}
PARENT = design(
    name="first",
    nuisance={"learning_rate": RATE, "width": Integer(8, 64)},
    fixed={"batch_size": 32},
)

# The rule, a design that it speaks against, and one like it that it leaves alone.
RULES = {
    "S3": (
        {
            "nuisance": {"learning_rate": RATE, "batch_size": Integer(16, 512, log=True)},
            "fixed": {},
        },
        {"fixed": {"batch_size": 64}},
    ),
    "S8": (
        {"metric": "train/error", "scientific": {"batch_size": [32, 64]}, "fixed": {}},
        {"metric": "train/error", "fixed": {"batch_size": 64}},
    ),
    "T4": (
        {"nuisance": {"learning_rate": RATE, "epochs": Integer(2, 5)}},
        {"fixed": {"batch_size": 64, "epochs": 3}},
    ),
    "R3": ({"scientific": TWO}, {"scientific": BUNDLE}),
    "R4": (
        {"nuisance": {"learning_rte": RATE}},
        {"nuisance": {"learning_rate": RATE, "gizmo_ratio": RATE}},
    ),
    "R6": (
        {"scientific": WIDTHS, "fixed": {"weight_decay": 1e-4}},
        {"scientific": WIDTHS, "nuisance": {"learning_rate": RATE, "weight_decay": DECAY}},
    ),
    "R7": (
        {"nuisance": {"weight_decay": DECAY}, "fixed": {"learning_rate": 0.1}},
        {"nuisance": ADAM, "fixed": {"beta2": 0.999, "epsilon": 1e-8}},
    ),
    "R8": (
        {"nuisance": {"learning_rate": RATE, "optimizer": Choice(("adam", "sgd"))}},
        {"scientific": {"optimizer": ["adam", "sgd"]}},
    ),
    "R10": (
        {"nuisance": {"learning_rate": RATE, "layers": Integer(1, 8)}},
        {"nuisance": {"learning_rate": RATE, "activation_fn": Choice(("relu", "gelu"))}},
    ),
    "R16": (
        {"nuisance": {"learning_rate": RATE, **dict.fromkeys("abcd", Real(0.1, 1.0))}},
        {"nuisance": {"learning_rate": RATE, **dict.fromkeys("abc", Real(0.1, 1.0))}},
    ),
    "R9": (
        {"scientific": {"dropout_rate": [0.0, 0.3]}},
        {"scientific": SWITCH, "nuisance": {"when": {"dropout": {"on": {"rate": RATE}}}}},
    ),
    "R12": (
        {"nuisance": {"learning_rate": Choice((1e-4, 1e-1))}},
        {"nuisance": {"learning_rate": RATE, "width": Choice((64, 128, 256))}},
    ),
    "R13": ({"trials": (20, 10)}, {"trials": (20, 20)}),
    "R15": (
        {"nuisance": {"lr": RATE, "when": {"activation": {"gelu": {"slope": Real(0.1, 1.0)}}}}},
        {"nuisance": {"lr": RATE, "slope": Real(0.1, 1.0)}},
    ),
    "Q11": (
        {"nuisance": {**ADAM, "epsilon": Real(1e-10, 1e-3, log=True)}},
        {"nuisance": ADAM},
    ),
    "Q9": ({"nuisance": CUBE, "search": "grid"}, {"search": "grid"}),
    "T8": (
        {"schedule": "asha", "schedule_options": {"min_steps": 5}},
        {"schedule": "asha", "schedule_options": {"min_steps": 10}},
    ),
    "K1": ({"schedule": "asha"}, {"schedule": "pbt"}),
    "W4": (
        {"schedule": "pbt", "schedule_options": {"interval": 4}},
        {"schedule": "pbt", "schedule_options": {"interval": 10}},
    ),
    "W7": (
        {"nuisance": {"learning_rate": RATE, "seed": Integer(0, 99)}},
        {"fixed": {"batch_size": 64, "seed": 3}},
    ),
    "X3": ({"metric": "test/error"}, {"metric": "valid/error"}),
    "L2": (
        {"fixed": {"batch_size": 32, "schedule": "piecewise", "schedule_pieces": "0:1 50:0.1"}},
        {"fixed": {"batch_size": 32, "schedule": "linear"}},
    ),
    "S17": (
        {"nuisance": {}, "fixed": {"width": 128, "learning_rate": 0.1}},
        {"fixed": {"width": 128}},
    ),
    "S10": ({"fixed": {"batch_size": 64}}, {"fixed": {"batch_size": 32}}),
}


def found(rule, given, **more):
    studies = {key: value for key, value in given.items() if isinstance(value, tuple)}
    plain = {key: value for key, value in given.items() if key not in studies}
    return findings_of(design(**plain, **more), rule, parent=PARENT, **studies)


CHECKS_OF = {
    rule: [check.name for check in CHECKS if rule in check.rules]
    for check in CHECKS
    for rule in check.rules
}
FOLDER = ROOT / "src/etude/design/checks"


def test_every_file_of_a_check_is_registered():
    registry = (FOLDER / "__init__.py").read_text(encoding="utf-8")
    names = {file.stem for file in FOLDER.glob("[!_]*.py")}

    assert {name for name in names if f"{name}.findings" not in registry} == set()
    assert len(names) == len({check.name for check in CHECKS}) == len(CHECKS)


def test_every_rule_of_a_check_is_tested():
    assert set(CHECKS_OF) - RULES.keys() == set()


def test_every_rule_that_can_be_acknowledged_is_tested():
    assert RULES.keys() == set(DESIGN_RULES)
    assert set(DESIGN_RULES) <= sentences().keys()


@pytest.mark.rule(
    "S3",
    "T4",
    "R3",
    "R4",
    "R6",
    "R7",
    "R8",
    "R9",
    "R10",
    "R12",
    "R13",
    "R15",
    "R16",
    "Q9",
    "Q11",
    "K1",
    "T8",
    "W4",
    "W7",
    "X3",
    "L2",
    "S10",
    "S17",
)
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_speaks(rule):
    speaks, _ = RULES[rule]

    first, *_ = found(rule, speaks)

    assert first.status in ("problem", "notice")
    assert first.check in CHECKS_OF[rule]
    assert first.advice
    assert first.evidence
    assert not first.acknowledged


@pytest.mark.parametrize("rule", RULES)
def test_what_a_rule_says_keeps_the_form(rule):
    speaks, _ = RULES[rule]

    assert [offence for one in found(rule, speaks) for offence in offences(one)] == []


@pytest.mark.parametrize(
    "given",
    [
        {"scientific": {"batch_size": [32, 256]}, "fixed": {}},
        {"scientific": {"epochs": [1, 10]}},
        {"nuisance": {"learning_rate": RATE, "epochs": Integer(2, 5), "bs": [16, 32]}, "fixed": {}},
        {"scientific": {"dropout_rate": [0.0, 0.1, 0.3]}},
        {"nuisance": {"learning_rate": RATE, "dropout_rate": Real(0.0, 0.5)}},
        {"nuisance": {"learning_rate": RATE, "use_dropout": [True, False]}},
        {"scientific": SWITCH, "nuisance": {"learning_rate": RATE, "dropout_rate": DECAY}},
        {"scientific": SWITCH, "fixed": {"dropout_rate": 0.123456}},
        {"scientific": {}, "fixed": {"learning_rate": 0.0123456}, "nuisance": {"x": RATE}},
        {"parent": "gone"},
        {"fixed": {"optimizer": "adam"}},
        {"fixed": {"optimizer": "rmsprop"}, "nuisance": {}, "scientific": {"gizmo": [1, 2]}},
        {"kind": "language-model", "fixed": {"optimizer": "nadam", "beta1": 0.9}},
        {"nuisance": dict.fromkeys("abcdefgh", RATE)},
        {
            "trials": 9,
            "fixed": {"optimizer": "nadam"},
            "nuisance": {**ADAM, "momentum_decay": RATE},
        },
    ],
)
def test_whatever_is_said_of_a_design_keeps_the_form(given):
    said = findings_of(design(**given))

    assert said
    assert [(one.rule, offence) for one in said for offence in offences(one)] == []


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_silent_where_it_is_kept(rule):
    _, silent = RULES[rule]

    assert found(rule, silent) == []


@pytest.mark.parametrize("rule", RULES)
def test_an_acknowledged_rule_is_a_caveat(rule):
    speaks, _ = RULES[rule]
    before = found(rule, speaks)

    after = found(rule, speaks, acknowledge=[rule])

    assert [(one.status, one.acknowledged) for one in after] == [("notice", True)] * len(before)
    assert [one.message for one in after] == [one.message for one in before]
    assert to_json(after[0])["acknowledged"] is True


@pytest.mark.parametrize("rule", RULES)
def test_acknowledging_another_rule_changes_nothing(rule):
    speaks, _ = RULES[rule]
    other = next(each for each in RULES if each != rule)

    assert found(rule, speaks, acknowledge=[other]) == found(rule, speaks)


def test_a_fair_comparison_is_left_alone():
    assert findings_of(design()) == []


def test_a_design_of_unknown_names_is_left_alone():
    strange = design(
        scientific={"gizmo": ["a", "b"]},
        nuisance={"share": Real(0.0, 1.0), "kind": Choice(["x", "y"])},
        fixed={"flag": True, "rate": 0.1, "label": "old"},
    )

    assert findings_of(strange) == []


@pytest.mark.parametrize(
    "file", ["examples/optimizer/optimizer.toml", "src/etude/cli/first/experiment.toml"]
)
def test_our_own_experiments_keep_every_rule(file):
    assert findings_of(toml.read(ROOT / file)) == []


def test_the_documented_experiment_keeps_every_rule():
    (text,) = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs/experiment.md").read_text(encoding="utf-8"), re.DOTALL
    )

    assert findings_of(toml.loads(text)) == []


def test_the_contract_pays_for_one_more_of_adams():
    fixed = {"epsilon": 1e-8, "beta2": 0.999, "weight_decay": 0.0}
    with_more = {"nuisance": {"lr": RATE, "beta1": BETA}, "fixed": fixed, "trials": 40}

    (one,) = findings_of(design(**with_more))

    assert (one.rule, one.status, one.subject) == ("R7", "notice", {"hyperparameter": "epsilon"})


def test_findings_do_not_depend_on_the_order_of_a_file():
    given = {"nuisance": {"dropout": Real(0.0, 0.5), "batch_size": Integer(8, 64)}, "fixed": {}}
    turned = {"fixed": {}, "nuisance": dict(reversed(given["nuisance"].items()))}

    assert findings_of(design(**given)) == findings_of(design(**turned))
    assert len(split(design(**given))) == 2


@pytest.mark.rule("S3", "T4")
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("per_gpu_batch_size", "S3"),
        ("per_gpu_train_batch_size", "S3"),
        ("per_device_train_batch_size", "S3"),
        ("num_epochs", "T4"),
        ("num_train_epochs", "T4"),
    ],
)
def test_the_names_of_a_known_walk_through_are_understood(name, rule):
    searched = design(nuisance={"learning_rate": RATE, name: Integer(2, 64)}, fixed={})

    (one,) = findings_of(searched, rule)

    assert (one.status, one.subject) == ("problem", {"hyperparameter": name})
