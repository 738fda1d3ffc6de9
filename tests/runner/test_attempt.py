"""Rehearsals of loops as users write them."""

import re
import sys

import pytest
from tests.runner.sample import assignment

from etude.event import Event, Refused
from etude.playbook.error_kinds import last_line
from etude.runner.attempt import attempt, rehearsal, returns_no_number
from etude.runner.process_state import ProcessState
from etude.runner.user_code import train_function
from etude.runner.user_errors import misuse

STEPS = 9


def tried(tmp_path, train, **given):
    plain = {"rehearsal": True, "max_steps": 2, "whole_steps": STEPS, "evaluations": 1}
    return rehearsal(assignment(tmp_path, **{**plain, **given}), train)


def value(trial):
    return {"valid/loss": trial["learning_rate"]}


def hardcoded(trial):
    for epoch in range(STEPS):
        trial.report(epoch, value(trial))


def by_max_steps(trial):
    for step in range(trial.max_steps):
        trial.log(step, {"train/loss": 1.0})
        trial.report(step, value(trial))


def seldom(trial):
    done = 0
    while done < STEPS:
        if done % 5 == 0:
            trial.report(done, value(trial))
        done += 1


def at_its_end(trial):
    trial.report(STEPS - 1, value(trial))


def at_its_end_alone(trial):
    trial.report(trial.max_steps - 1, value(trial))


def of_three(trial):
    for epoch in range(3):
        trial.report(epoch, value(trial))


def from_one(trial):
    for step in range(1, trial.max_steps + 1):
        trial.report(step, value(trial))


def one_beyond(trial):
    for step in trial.steps():
        trial.log(step, {"train/loss": 1.0})
    trial.report(trial.max_steps, value(trial))


def from_one_hardcoded(trial):
    for epoch in range(1, STEPS + 1):
        trial.report(epoch, value(trial))


def far_beyond(trial):
    trial.report(10 * STEPS, value(trial))


def halves(trial):
    for step in trial.steps():
        trial.report(step / 2, value(trial))


def loops_twice(trial):
    for _epoch in range(2):
        for step in trial.steps():
            trial.report(step, value(trial))


def swallows(trial):
    for step in range(1, trial.max_steps + 1):
        try:
            trial.report(step, value(trial))
        except Exception:  # noqa: BLE001  # as careless users do
            continue


@pytest.mark.parametrize(
    "train",
    [hardcoded, by_max_steps, seldom, at_its_end, at_its_end_alone, of_three, from_one_hardcoded],
)
def test_a_loop_of_its_own_is_no_failure(tmp_path, train):
    found = tried(tmp_path, train)

    assert found.problem == ""
    assert found.own_loop


@pytest.mark.parametrize("train", [hardcoded, by_max_steps, seldom, of_three])
def test_what_a_loop_of_its_own_logs_tells_its_pace(tmp_path, train):
    assert tried(tmp_path, train).step_s > 0


@pytest.mark.parametrize("train", [at_its_end, at_its_end_alone])
def test_one_report_tells_no_pace(tmp_path, train):
    assert tried(tmp_path, train).step_s == 0


@pytest.mark.parametrize("train", [from_one, one_beyond, far_beyond, halves, loops_twice, swallows])
def test_what_cannot_be_is_met_in_the_rehearsal(tmp_path, train):
    assert misuse(tried(tmp_path, train).problem)


def test_a_loop_of_three_steps_may_have_the_length_of_the_trial(tmp_path):
    assert tried(tmp_path, of_three, whole_steps=3).problem == ""


def test_a_loop_that_is_left_tells_nothing_of_checkpoints_nor_of_what_it_reads(tmp_path):
    found = tried(tmp_path, hardcoded, setting={"learning_rate": 0.1, "read_later": 1})

    assert (found.resumes, found.unread) == (None, ())


def test_a_metric_that_is_missing_beyond_the_end_is_told_too(tmp_path):
    found = tried(tmp_path, lambda trial: trial.report(5, {"valid/lost": 1.0}))

    assert isinstance(found, Refused)
    assert "Did you mean `valid/lost`?" in found.detail


def test_a_returned_list_is_told(tmp_path):
    def returns_history(trial):
        by_max_steps(trial)
        return [1.0]

    found = tried(tmp_path, returns_history)

    assert found.problem == ""
    assert found.returned.startswith("The train function returns a list, which is ignored")


def returns_a_score(trial):
    return trial["learning_rate"]


def returns_scores(trial):
    return [trial["learning_rate"]]


def steps_and_returns_scores(trial):
    return list(trial.steps())


def test_what_asks_for_no_length_is_tried_whole(tmp_path):
    found = tried(tmp_path, returns_a_score)

    assert found.whole_s > 0
    assert tried(tmp_path, by_max_steps).whole_s == tried(tmp_path, hardcoded).whole_s == 0


def test_a_list_in_place_of_reports_is_met_where_it_was_tried_whole(tmp_path):
    assert returns_no_number(tried(tmp_path, returns_scores).problem)


def test_a_list_beside_reports_that_come_later_is_ignored(tmp_path):
    found = tried(tmp_path, steps_and_returns_scores)

    assert (found.problem, found.returned[:33]) == ("", "The train function returns a list")


def test_a_function_of_other_arguments_is_refused(tmp_path):
    def train(config, seed):
        return config[seed]

    why = misuse(tried(tmp_path, train).problem)

    assert "this one has `train(config, seed)` (missing a required argument: 'seed')" in why


def test_a_metric_that_was_logged_alone_is_told_so(tmp_path):
    def train(trial):
        trial.log(0, value(trial))

    ended = outcome_of(tmp_path, train)

    assert "`trial.log` is for what comes beside it. Call `trial.report(step" in ended.detail


def outcome_of(tmp_path, train):
    events: list[Event] = []
    attempt(assignment(tmp_path), train, events.extend)
    return events[-1]


def test_an_error_of_a_group_has_its_kind_and_place(tmp_path):
    def train(_):
        raise ExceptionGroup("two workers", [ValueError("a"), TypeError("b")])

    ended = outcome_of(tmp_path, train)

    assert re.fullmatch(r"ExceptionGroup at test_attempt.py:\d+", ended.error_site)
    assert last_line(ended.detail) == "ExceptionGroup: two workers (2 sub-exceptions)"


SCRIPTS = {
    "COUNT": "COUNT = 0\ndef value():\n    global COUNT\n    COUNT += 1\n    return COUNT\n",
    "Net": "class Net:\n    calls = 0\ndef value():\n    Net.calls += 1\n    return Net.calls\n",
    "SEEN": "SEEN = []\ndef value():\n    SEEN.append(1)\n    return len(SEEN)\n",
    "RNG": "import random\nRNG = random.Random(0)\ndef value():\n    return RNG.random()\n",
    "DRAWS": "import numpy\nDRAWS = numpy.random.default_rng(0)\nvalue = lambda: DRAWS.random()\n",
}
TRAIN = """
NAN = float("nan")
def train(trial):
    trial.report(0, {"valid/loss": value()})
"""


@pytest.fixture
def script(request, tmp_path, monkeypatch):
    """A train function in a file of its own, below the text that a test gives."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    name = f"script_of_{request.node.name.partition('[')[2].strip(']').lower()}"
    (tmp_path / f"{name}.py").write_text(f"{request.param}{TRAIN}")
    yield train_function(f"{name}.py:train", tmp_path)
    sys.modules.pop(name, None)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS, indirect=True)
def test_what_outlives_a_trial_is_named(tmp_path, request, script):
    name = request.node.callspec.id

    said = tried(tmp_path, script).unrepeated

    assert re.search(r"`valid/loss` was \S+, then \S+, so it depends on what ran before", said)
    assert f"(`{name}` of script_of_{name.lower()}.py changed and stays so)" in said


# More values than are looked at: where the look ends is another value once `SEEN` has grown.
MANY = SCRIPTS["SEEN"] + "MANY = [[[0] for _ in range(900)] for _ in range(15)]\n"
# A library's registry that grows, in a dictionary of the user's.
LIBRARY = (
    "import types\nLIBRARIES = {'one': types.ModuleType('one')}\nLIBRARIES['one'].calls = 0\n"
    "SEEN = []\ndef value():\n    LIBRARIES['one'].calls += 1\n    SEEN.append(1)\n"
    "    return len(SEEN)\n"
)


@pytest.mark.parametrize("script", [MANY, LIBRARY], ids=["many", "library"], indirect=True)
def test_what_did_not_change_is_not_named_beside_what_did(tmp_path, script):
    name = script.__module__

    assert f"(`SEEN` of {name}.py changed and stays so)" in tried(tmp_path, script).unrepeated


CACHES = "import random\nCACHE = {}\ndef value():\n    return CACHE.setdefault('a', 0.5)\n"
SEEDED = "import random\ndef value():\n    return random.random()\n"


@pytest.mark.parametrize("script", [CACHES, SEEDED], ids=["cache", "seeded"], indirect=True)
def test_what_repeats_is_not_suspected(tmp_path, script):
    state = ProcessState()

    assert tried(tmp_path, state.isolated(script, 3)).unrepeated == ""
