"""The rounds of one line: who follows whom, what changed between them, and the best of each."""

from contextlib import closing
from dataclasses import replace

import pytest
from tests.factories import minimal

import etude
from etude import Real
from etude.round.result import load
from etude.round.round_line import LineRound, changed_lines, rounds
from etude.store import open_store

FIRST = minimal(
    name="first", metric="loss", max_steps=1, evaluations=1, nuisance={"x": Real(0.0, 0.5)}
)
SECOND = replace(FIRST, name="second", parent="first", nuisance={"x": Real(0.0, 1.0)})
THIRD = replace(SECOND, name="third", parent="second", trials=SECOND.trials + 1)
ALONE = replace(FIRST, name="alone")


def train(trial):
    trial.report(0, {"loss": (trial["x"] - 0.8) ** 2})


@pytest.fixture(scope="module")
def store():
    with closing(open_store("memory")) as opened:
        for experiment in (FIRST, SECOND, THIRD, ALONE):
            etude.run(experiment, train, store=opened)
        yield opened


@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_every_round_of_a_line_knows_those_before_and_after_it(store, name):
    assert [one.experiment.name for one in load(store, name).line] == ["first", "second", "third"]


def test_a_round_alone_is_no_line(store):
    assert load(store, "alone").line == ()


def test_a_round_says_its_best_value_and_what_it_changed(store):
    first, second, third = rounds(load(store, "second").line, SECOND)

    assert first.changes == ()
    assert [key for key, *_ in second.changes] == ["nuisance.x"]
    assert "high = 1.0" in second.changes[0][2]
    assert [key for key, *_ in third.changes] == ["experiment.trials"]
    assert (first.current, second.current) == (False, True)
    assert 0 <= second.best < first.best


def test_a_changed_line_has_the_rule_that_its_file_names(store):
    first, second, _ = load(store, "first").line
    text = "[nuisance]\nx = { low = 0.0, high = 1.0 }  # C1: the best lie at the bound.\n"
    written = LineRound(experiment=second.experiment, text=text, records=second.records)

    assert [rule for *_, rule in changed_lines(first, written)] == ["C1"]


def test_the_page_of_a_round_has_the_others(store):
    text = load(store, "second").html()

    assert 'id="the-rounds"' in text
    assert "etude report first" in text
    assert "3 rounds, each asked after the one before it." in text
