"""What is said of a design reaches the plan, the observers and the result of a round."""

from __future__ import annotations

import pytest
from tests.factories import rates
from tests.runner import loops

import etude
from etude.round.preview import design_findings
from etude.space import Choice, Real
from etude.store.memory import Memory

RATE = {"learning_rate": Real(0.01, 0.5)}


def second(**given):
    """The round after the first."""
    plain = {"name": "second", "parent": "first", "nuisance": RATE, "fixed": {"batch_size": 64}}
    return rates(**{**plain, **given})


def train(trial):
    """Reads all of its setting, what is searched and what is held."""
    dict(trial)
    loops.train(trial)


FIRST = second(name="first", parent=None, fixed={"batch_size": 32})
SEARCHED = {"nuisance": {**RATE, "batch_size": Choice([16, 64])}, "fixed": {}}


@pytest.fixture
def place(tmp_path):
    """A store that holds the round before."""
    etude.run(FIRST, train, store=tmp_path / "etude.db")
    return tmp_path / "etude.db"


class Seen:
    def begin(self, opening):
        self.findings = opening.findings

    def see(self, events):
        pass

    def end(self):
        pass


def test_a_plan_knows_the_round_before_where_the_store_has_it(place, tmp_path):
    places = [place, tmp_path / "none.db", "memory"]

    said = [[(one.rule, one.status) for one in design_findings(second(), each)] for each in places]

    assert said == [[("S10", "notice")], [("S10", "unclear")], [("S10", "unclear")]]
    assert not (tmp_path / "none.db").exists()


def test_a_result_knows_the_round_before_after_its_store_is_closed(place):
    result = etude.run(second(), train, store=place)

    assert result.parent == FIRST
    assert result.findings[0].rule == "S10"


def test_observers_are_told_what_is_said_of_the_design():
    seen = Seen()

    etude.run(second(**SEARCHED, parent=None), train, observers=[seen])

    assert [(one.rule, one.status) for one in seen.findings] == [
        ("S3", "problem"),
        ("S8", "notice"),
    ]


def test_a_problem_of_the_design_is_a_doubt_that_acknowledging_turns_into_a_caveat():
    plain = etude.run(second(**SEARCHED), train, store=Memory())
    known = etude.run(second(**SEARCHED, acknowledge=["S3"]), train, store=Memory())

    assert any(doubt.startswith("S3: `batch_size`") for doubt in plain.verdict.doubts)
    assert any(
        doubt.startswith("S3: acknowledged by the author of the experiment: `batch_size`")
        for doubt in known.verdict.doubts
    )
    assert [one.setting for one in plain.records] == [one.setting for one in known.records]


def test_a_parent_that_the_store_does_not_have_leaves_the_batch_size_unclear(place):
    (one,) = design_findings(second(parent="frist"), place)

    assert (one.rule, one.status) == ("S10", "unclear")
    assert "no experiment `frist`" in one.message


CALLED = """
def optimizer(parameters, rate):
    import torch
    return torch.optim.Adam(parameters, lr=rate)


def train(trial):
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": trial["learning_rate"] + trial["batch_size"]})
"""


def test_what_the_training_code_leaves_at_a_default_is_asked_for_before_and_after_a_run(tmp_path):
    (tmp_path / "train.py").write_text(CALLED)
    alone = second(parent=None, train="train.py:train")

    before = design_findings(alone, tmp_path / "etude.db", tmp_path)
    after = etude.run(alone, folder=tmp_path, runner="inline").findings

    (asked,) = [one for one in before if one.check == "unnamed"]
    assert asked.evidence["unnamed"] == ["beta1", "beta2", "epsilon", "weight_decay"]
    assert asked.evidence["place"] == "train.py:4"
    assert [one for one in after if one.check == "unnamed"] == [asked]


def test_code_that_cannot_be_read_tells_a_plan_nothing(tmp_path):
    alone = second(parent=None, train="gone.py:train")

    assert design_findings(alone, tmp_path / "etude.db", tmp_path) == []
