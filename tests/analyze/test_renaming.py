"""A hyperparameter by another name of the same kind is the same to every check."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of
from tests.factories import RATE, SHARE, experiment, two_optimizers

from etude.design.checks import findings as of_design
from etude.design.studies import studies
from etude.finding import to_json
from etude.record import Points
from etude.space import Integer

LONG = experiment(max_steps=2000)
ROUNDS = {
    "edge": lambda: rounds.edge(experiment()),
    "rate held down": lambda: rounds.rate_held_down(experiment()),
    "breaks early": lambda: rounds.breaks_early(LONG),
    "overfits": lambda: rounds.overfits(two_optimizers()),
    "spikes": lambda: rounds.spikes(LONG),
}


@cache
def plain(name):
    return ROUNDS[name]()


def renamed(context, names, said=None):
    """The same round with other names of hyperparameters and metrics, and what a person says."""
    analysis = context.analysis
    question = analysis.experiment
    members = {names.get(name, name): value for name, value in question.nuisance.items()}
    other = replace(
        question,
        nuisance=members,
        names=said or {},
        metric=names.get(question.metric, question.metric),
    )
    records = [
        replace(
            record,
            setting={names.get(name, name): value for name, value in record.setting.items()},
            points=Points(
                record.points.rows_P, tuple(names.get(name, name) for name in record.points.names)
            ),
        )
        for record in analysis.records
    ]
    return context_of(other, records)


def told(context, names):
    """What is found, by the old names."""
    texts = []
    for finding in context.findings:
        said = to_json(finding)
        said.pop("evidence")
        text = repr(sorted(said.items()))
        for old, new in names.items():
            text = text.replace(new, old)
        texts.append(text)
    return sorted(texts)


@pytest.mark.parametrize("other", ["lr_G", "optimizer.lr"])
@pytest.mark.parametrize("name", ROUNDS)
def test_another_name_of_the_same_kind_changes_no_finding(name, other):
    context = plain(name)
    names = {"learning_rate": other}

    assert told(renamed(context, names), names) == told(context, {})


@pytest.mark.parametrize("name", ROUNDS)
def test_what_a_person_says_of_a_name_is_as_good_as_the_name(name):
    context = plain(name)
    names = {"learning_rate": "gizmo"}

    assert told(renamed(context, names, {"gizmo": "learning_rate"}), names) == told(context, {})


@pytest.mark.parametrize(
    ("train", "valid"),
    [("train_loss", "val_loss"), ("loss", "val_loss"), ("loss/train", "evalLoss")],
)
@pytest.mark.parametrize("name", ["breaks early", "overfits", "spikes"])
def test_another_name_of_a_loss_changes_no_status(name, train, valid):
    context = plain(name)
    other = renamed(context, {"train/loss": train, "valid/loss": valid})

    assert [(one.check, one.rule, one.status) for one in other.findings] == [
        (one.check, one.rule, one.status) for one in context.findings
    ]


@pytest.mark.parametrize("name", ["breaks early", "overfits", "spikes"])
def test_what_a_person_says_of_a_metric_is_as_good_as_its_name(name):
    context = plain(name)
    said = {"cost": "train/loss", "nll": "valid/loss"}
    own_names = {known: own for own, known in said.items()}
    other = renamed(context, own_names, said)

    assert told(other, own_names) == told(context, {})


@pytest.mark.parametrize("said", [{}, {"gizmo": "learning_rate"}])
def test_a_design_is_judged_by_what_names_mean(said):
    name = "gizmo" if said else "lr_G"
    plain = experiment(fixed={"learning_rate": 0.1}, nuisance={"share": SHARE, "rate": RATE})
    other = replace(plain, fixed={name: 0.1}, names=said)
    rules = [
        [(one.rule, one.status) for one in of_design(each, studies(each))]
        for each in (plain, other)
    ]

    assert rules[0] == rules[1]
    assert ("R7", "notice") in rules[0]


# --- seeds


def rate(record):
    """The setting without all but the rate."""
    return {"learning_rate": record.setting["learning_rate"]}


def test_a_seed_is_no_axis_to_be_judged():
    seeded = experiment(nuisance={"learning_rate": RATE, "random_seed": Integer(0, 99)})
    records = [
        replace(
            record, setting={"learning_rate": record.setting["learning_rate"], "random_seed": 5}
        )
        for record in rounds.edge(experiment()).analysis.records
    ]

    found = context_of(seeded, records).findings

    judged = {finding.subject.get("hyperparameter") for finding in found}
    assert "learning_rate" in judged
    assert "random_seed" not in judged


def test_a_merged_seed_is_no_question():
    merged = experiment(
        studies="merged", scientific={"seed": [1, 2], "optimizer": ["adam", "sgd"]}, trials=40
    )

    shares = context_of(merged).analysis.compared_studies

    assert [share.name for share in shares] == ["optimizer=adam", "optimizer=sgd"]


def test_a_merged_seed_alone_compares_nothing():
    merged = experiment(studies="merged", scientific={"seed": [1, 2]}, trials=40)

    assert [share.name for share in context_of(merged).analysis.compared_studies] == ["all"]
