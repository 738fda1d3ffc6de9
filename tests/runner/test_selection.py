"""One line says how a round is trained and why; what was asked for and cannot be is refused."""

import pytest
from tests.runner.sample import HERE, assignment, events_of, processes
from typer.testing import CliRunner

from etude.cli.app import app
from etude.errors import RunError
from etude.event import Rehearsed
from etude.experiment.resources import NOTHING_SAID, Resources
from etude.runner.devices import this_machine
from etude.runner.messages import Verdict
from etude.runner.processes import Processes
from etude.runner.selection import RUNNERS, select_runner

LONG = Rehearsed(0, step_s=0.01)


@pytest.fixture
def chosen(monkeypatch, tmp_path):
    """What is chosen where the gate's verdict is given."""

    def of(verdict, *, name="auto", rehearsed=LONG, steps=100_000, resources=NOTHING_SAID):
        runner = processes("train", workers=2, resources=resources)
        monkeypatch.setattr(type(runner), "_judged", lambda self, waiting: verdict)
        trials = [assignment(tmp_path)]
        return select_runner(name, runner, trials, steps=steps, rehearsed=rehearsed), runner.slots

    return of


def test_stacks_that_are_faster_are_chosen_with_the_measured_ratio(chosen):
    choice, slots = chosen(Verdict(8, "8 trials a stack are 3.1 times as fast, measured.", 3.1))

    assert choice.line == "Runner: vectorized; 8 trials a stack are 3.1 times as fast, measured."
    assert (slots, choice.pace) == (16, 6.2)


@pytest.mark.parametrize(
    ("verdict", "rehearsed", "said"),
    [
        (Verdict(1, "stacks are only 0.90 times as fast, measured."), LONG, "0.90 times as fast"),
        (Verdict(1, ""), LONG, "`train` names a function"),
        (Verdict(8, "unasked"), Rehearsed(0, step_s=0.0004), "its steps take 20.0 s one trial"),
        (Verdict(8, "unasked"), Rehearsed(0, problem="no"), "the trial that was tried failed"),
    ],
)
def test_whatever_keeps_from_stacks_is_said(chosen, verdict, rehearsed, said):
    choice, slots = chosen(verdict, rehearsed=rehearsed)

    assert choice.line.startswith("Runner: processes; ")
    assert said in choice.line
    assert slots == 2


@pytest.mark.parametrize(
    "tried", [{"problem": "no"}, {"step_s": 0.0004}, {"step_s": 0.01}, {"own_loop": True}]
)
def test_of_a_function_nothing_is_said_of_stacks(chosen, tried):
    choice, slots = chosen(Verdict(8, "unasked"), rehearsed=Rehearsed(0, is_function=True, **tried))

    assert (choice.line, slots) == ("", 2)


@pytest.mark.parametrize(
    ("reference", "is_function"), [("loops.py:train", True), ("works.py:Plain", False)]
)
def test_a_rehearsal_knows_a_function_from_a_workload(tmp_path, reference, is_function):
    setting = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 4}
    tried = assignment(tmp_path, setting=setting, rehearsal=True, max_steps=2, evaluations=1)
    (event,) = events_of(Processes(reference, HERE, workers=1), tried)

    assert event.is_function == is_function


def test_stacks_that_were_asked_for_and_cannot_be_are_refused_with_the_reason(chosen):
    declined = Verdict(1, "it counts in Python.")

    with pytest.raises(RunError, match=r"cannot train these trials: it counts in Python\. Mend"):
        chosen(declined, name="vectorized")


def test_stacks_that_were_asked_for_are_made_however_short_the_round(chosen):
    choice, _ = chosen(Verdict(4, "4."), name="vectorized", rehearsed=Rehearsed(0, step_s=0.001))

    assert choice.line == "Runner: vectorized; 4."


def test_stacks_that_were_asked_for_are_made_though_they_are_slower(chosen):
    slower = Verdict(1, "stacks are only 0.90 times as fast, measured.", 0.9, fastest=8)

    choice, slots = chosen(slower, name="vectorized")

    assert choice.line.startswith("Runner: vectorized; stacks are only 0.90 times as fast")
    assert slots == 16


@pytest.mark.rule("W5")
def test_a_stack_is_no_wider_than_memory_is_enough_for(chosen):
    third = Resources(memory_gb=this_machine().memory_gb / 6.5)

    choice, slots = chosen(Verdict(8, "8 trials a stack."), resources=third)

    assert choice.line == "Runner: vectorized; `memory` of [resources] is enough for 3 in a worker."
    assert slots == 6


def test_a_stack_in_the_only_worker_has_the_memory_of_all(chosen):
    third = Resources(memory_gb=this_machine().memory_gb / 6.5)

    _, slots = chosen(Verdict(8, "8 trials a stack.", threads=2), resources=third)

    assert slots == 6


def test_the_slower_a_step_the_longer_a_round_must_be_to_be_worth_asking_the_gate(chosen):
    verdict = Verdict(8, "8 trials a stack are 3.1 times as fast, measured.", 3.1)
    slow_steps = Rehearsed(0, step_s=2.0)  # its widest stack alone would take minutes to time

    choice, _ = chosen(verdict, rehearsed=slow_steps, steps=1_000)

    assert "less than the 6020 s from which it pays" in choice.line


def test_the_command_line_names_every_runner():
    help_text = CliRunner().invoke(app, ["run", "--help"]).output

    assert [name for name in RUNNERS if f"`{name}`" not in help_text] == []
