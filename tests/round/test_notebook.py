"""What a notebook shows of a round: results by themselves, a run while it trains."""

import sys
import types

import pytest
from tests.factories import opening, rates, record

import etude
from etude.design.split import split
from etude.errors import RunError
from etude.event import Began, Ended, Logged
from etude.round.notebook import EVERY_S, LiveCell, cell_observers
from etude.store.memory import Memory

EXPERIMENT = rates(name="cells", trials=6, question="Is it <b>good</b>?")
SECRET = "<script>alert(1)</script>"


def train(trial):
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": trial["learning_rate"] + 1.0 / (step + 1)})


@pytest.fixture(scope="module")
def result():
    return etude.run(EXPERIMENT, train, store=Memory())


# --- results


def test_a_result_is_the_first_screen(result):
    shown = result._repr_html_()

    assert "Is it &lt;b&gt;good&lt;/b&gt;?" in shown
    assert "<svg" in shown
    assert "The best 5 trials" in shown


def test_findings_are_a_list_and_a_table(result):
    findings = result.findings

    assert list(findings) == findings
    assert "<table" in findings._repr_html_()
    assert repr(findings).startswith("Findings(")


def test_an_experiment_is_its_file():
    shown = EXPERIMENT._repr_html_()

    assert shown.startswith('<pre>[experiment]\nname = "cells"')
    assert "Is it &lt;b&gt;good" in shown


def test_a_next_round_is_its_diff(result):
    coming = result.next()

    assert repr(coming) == "NextRound(cells-10-trials.toml: experiment.trials)"
    assert "-trials = 6" in coming._repr_html_()
    assert "+trials = 10" in coming._repr_html_()


def test_a_chart_is_found_by_its_name(result):
    assert result.plot("axis-1-learning_rate").to_dict()["config"]["background"] == "transparent"
    with pytest.raises(RunError, match="no chart `axes-9`"):
        result.plot("axes-9")


def test_a_report_is_written_to_a_path(result, tmp_path):
    (page,) = result.report(str(tmp_path / "a.html"))

    assert page.read_text().startswith("<!doctype html>")


# --- while it trains


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


class Cell:
    def __init__(self):
        self.outputs: list[tuple[dict[str, str], str, bool]] = []
        self.clock = Clock()
        self.live = LiveCell(lambda *shown: self.outputs.append(shown), self.clock)

    def flood(self, count, every_s):
        for step in range(count):
            self.clock.now_s += every_s
            self.live.see([Logged(0, ((step, "valid/loss", 0.5),))])


@pytest.fixture
def cell():
    """A cell with its outputs, what shows a round there, and its clock."""
    return Cell()


def begin(cell, **given):
    asked = rates(trials=2, max_steps=100, **given)
    plan = split(asked)
    records = [record(plan[0], 0), record(plan[0], 1)]
    cell.live.begin(opening(*records, experiment=asked, studies=plan))


def test_a_run_is_one_output_that_is_replaced(cell):
    begin(cell)
    cell.clock.now_s = 10.0
    cell.live.see([Began(0, 0), Logged(0, ((49, "valid/loss", 0.5),))])
    cell.live.see([Ended(0, "completed", wall_s=10.0), Ended(1, "infeasible", "nan")])
    cell.live.end()

    assert [is_new for _, _, is_new in cell.outputs] == [True, False, False]
    assert len({name for _, name, _ in cell.outputs}) == 1
    assert "trial 0 at step 50 of 100" in cell.outputs[1][0]["text/html"]
    assert cell.outputs[-1][0]["text/plain"] == (
        "rates: 2 of 2 trials ended, 1 infeasible, 10 s so far"
    )


def test_a_flood_of_events_is_no_flood_of_outputs(cell):
    begin(cell)
    cell.flood(1000, every_s=EVERY_S / 100)

    assert len(cell.outputs) <= 11


def test_names_in_a_cell_are_text(cell):
    begin(cell, scientific={"optimizer": [SECRET, "adam"]})

    assert SECRET not in cell.outputs[0][0]["text/html"]
    assert "&lt;script&gt;" in cell.outputs[0][0]["text/html"]


def test_outside_of_a_notebook_nothing_is_shown(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)

    assert cell_observers() == []
    assert "IPython" not in sys.modules


@pytest.mark.parametrize(("shell", "count"), [(None, 0), (object(), 0), ("kernel", 1)])
def test_only_the_kernel_of_a_notebook_gets_a_display(monkeypatch, shell, count):
    known = types.SimpleNamespace(kernel=object()) if shell == "kernel" else shell
    module = types.SimpleNamespace(get_ipython=lambda: known)
    monkeypatch.setitem(sys.modules, "IPython", module)

    assert len(cell_observers()) == count
