"""Whatever a file holds, it is an experiment or a clear refusal, soon."""

import time

import pytest

from etude.errors import ExperimentError
from etude.experiment import Experiment
from etude.experiment.toml.read import loads

from .hostile import BASE, files, shaken

BROKEN = files(seed=0, count=200)
LONG = "x" * 10**7


def mistakes(text):
    with pytest.raises(ExperimentError) as refusal:
        loads(text, file="a.toml")
    return refusal.value.mistakes


def experiment_or_refusal(text):
    try:
        return loads(text, file="a.toml")
    except ExperimentError as error:
        return error


def test_what_the_files_are_made_from_is_an_experiment():
    assert loads(BASE).constraints == ("warmup_steps <= 0.1 * max_steps",)


@pytest.mark.parametrize("text", BROKEN, ids=range(200))
def test_a_broken_file_is_refused_in_words(text):
    refusals = mistakes(text)

    lines = text.count("\n") + 1
    assert all(one.file == "a.toml" and 1 <= one.line <= lines for one in refusals)
    assert all(20 < len(one.message) < 1100 and one.message[-1] in ".?" for one in refusals)


@pytest.mark.parametrize("text", shaken(seed=0, count=300), ids=range(300))
def test_a_shaken_file_is_an_experiment_or_refused(text):
    assert isinstance(experiment_or_refusal(text), Experiment | ExperimentError)


@pytest.mark.parametrize(
    "text",
    [
        f"# {LONG}\n{BASE.replace('40', '0')}",
        BASE.replace("40", f'"{LONG}"'),
        BASE.replace("40", "[\n" + "  1,\n" * 20_000 + "]"),
        f"[experiment]\n{'x.' * 50_000}y = 1\n",
        f"[{'nuisance.' * 50_000}x]\n",
        f"[fixed]\nx = {'[' * 50_000}\n",
        f"[fixed]\nx = {'{ x = ' * 50_000}\n",
    ],
    ids=["comment", "text", "list", "key", "table", "brackets", "braces"],
)
def test_a_file_of_megabytes_is_refused_in_seconds(text):
    begin = time.process_time()
    refusals = mistakes(text)

    assert time.process_time() - begin < 20
    assert all(len(one.message) < 1100 for one in refusals)
