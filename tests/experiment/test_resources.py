from __future__ import annotations

import dataclasses

import pytest

from etude.errors import ExperimentError
from etude.experiment import Experiment, Resources, changes, toml
from etude.experiment.change import Change
from etude.experiment.resources import resources_of, table_of
from etude.experiment.toml.edit import Edit, edited
from etude.space import Real

HEAD = '[experiment]\nmetric = "valid/error"\nmax_steps = 9\ntrials = 3\n'
TAIL = "\n[nuisance]\nlr = { low = 0.1, high = 1.0 }\n"
WHOLE = '\n[resources]\ncpus = 2\ngpus = 0.5\nmemory = "4 GiB"\nfiles = ["data/a.csv"]\n'


def experiment(**given):
    return Experiment(
        metric="valid/error", max_steps=9, trials=3, nuisance={"lr": Real(0.1, 1.0)}, **given
    )


def mistakes(text):
    with pytest.raises(ExperimentError) as caught:
        toml.loads(f"{HEAD}{text}{TAIL}")
    return {one.where: (one.line, one.message) for one in caught.value.mistakes}


def test_a_file_says_what_one_trial_takes():
    given = toml.loads(HEAD + WHOLE + TAIL)

    assert given.resources == Resources(cpus=2, gpus=0.5, memory_gb=4, files=("data/a.csv",))


def test_what_is_written_is_what_was_read():
    assert WHOLE in toml.dumps(toml.loads(HEAD + WHOLE + TAIL))


def test_a_file_without_resources_says_nothing_of_them():
    assert experiment().resources == Resources()
    assert not Resources().is_said
    assert "resources" not in toml.dumps(experiment())


def test_a_table_will_do_in_python():
    assert experiment(resources={"gpus": 2}).resources == Resources(gpus=2.0)


@pytest.mark.parametrize(
    ("memory", "gib"),
    [
        (3, 3.0),
        (0.25, 0.25),
        ("512 MiB", 0.5),
        ("1TiB", 1024.0),
        ("1.073741824 GB", 1.0),
        ("2g", 2e9 / 2**30),
    ],
)
def test_memory_is_a_number_of_gib_or_has_its_unit(memory, gib):
    assert resources_of({"memory": memory}).memory_gb == pytest.approx(gib, rel=1e-12)


def test_memory_too_small_for_a_text_is_a_number():
    assert table_of(Resources(memory_gb=1e-7)) == {"memory": 1e-7}


def test_every_mistake_is_told_at_once_with_its_line():
    told = mistakes(
        '\n[resources]\ncpus = 0\ngpus = 1.5\nmemory = "4 apples"\nfiles = "a"\ngpu = 1\n'
    )

    assert [told[f"resources.{key}"][0] for key in ("cpus", "gpus", "memory", "files", "gpu")] == [
        *range(7, 12)
    ]
    assert "above 0, found 0" in told["resources.cpus"][1]
    assert "a part of one, as 0.5, or whole ones, found 1.5" in told["resources.gpus"][1]
    assert "found '4 apples'. Write for example \"4 GiB\"." in told["resources.memory"][1]
    assert "needs a list of paths, found 'a'" in told["resources.files"][1]
    assert "Did you mean `gpus`?" in told["resources.gpu"][1]


def test_python_tells_every_mistake_at_once_too():
    with pytest.raises(ExperimentError) as caught:
        Resources(cpus=-1, gpus=True, files=("a", ""))

    where = [one.where for one in caught.value.mistakes]
    assert where == ["resources.cpus", "resources.gpus", "resources.files"]


def test_resources_need_a_table():
    with pytest.raises(ExperimentError, match="resources: needs a table, found 3"):
        toml.loads("resources = 3\n" + HEAD + TAIL)


def test_a_misspelt_table_is_told_with_its_name():
    assert "Did you mean `resources`?" in mistakes("\n[resource]\ncpus = 1\n")["resource"][1]


def test_they_bear_on_no_result():
    more = dataclasses.replace(experiment(), resources=Resources(gpus=1), track={"mlflow": {}})

    assert changes(experiment(), more) == []


def test_an_edit_of_a_file_leaves_them():
    text = HEAD + WHOLE + TAIL

    changed = edited(text, [Edit(Change(("experiment", "trials"), "", 5), "more")])

    assert toml.loads(changed).resources == toml.loads(text).resources
    assert WHOLE in changed
