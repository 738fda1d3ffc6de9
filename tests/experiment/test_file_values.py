"""A value that stands in another file: read with the experiment, and a part of it from then on."""

from __future__ import annotations

import pytest

from etude.errors import ExperimentError
from etude.experiment import changes
from etude.experiment.baseline import read_with_baseline
from etude.experiment.toml.read import loads

FILE = """
[experiment]
metric = "valid/loss"
max_steps = 900
trials = 4

[nuisance]
learning_rate = { low = 1e-3, high = 0.5, log = true }

[fixed]
schedule = "piecewise"
schedule_pieces = { file = "steps.csv" }  # as in round 3
"""
TABLE = "step,factor\n0,1.0\n300,0.1\n600,0.01\n"
PIECES = "0:1 300:0.1 600:0.01"


@pytest.fixture
def file(tmp_path):
    """An experiment file beside the table that it names."""
    (tmp_path / "steps.csv").write_text(TABLE)
    (tmp_path / "drops.toml").write_text(FILE)
    return tmp_path / "drops.toml"


def test_the_value_stands_in_the_experiment_and_in_the_text_that_a_store_keeps(file):
    experiment, text = read_with_baseline(file)

    assert experiment.fixed["schedule_pieces"] == PIECES
    assert f'schedule_pieces = "{PIECES}"  # as in round 3  # from steps.csv' in text
    assert loads(text, file=str(file)) == experiment


def test_another_content_under_the_same_name_is_another_experiment(file):
    before, _ = read_with_baseline(file)
    (file.parent / "steps.csv").write_text(TABLE.replace("300", "400"))

    after, _ = read_with_baseline(file)

    assert changes(before, after) == ["fixed"]


def test_a_table_written_in_another_way_is_the_same_experiment(file):
    before, _ = read_with_baseline(file)
    (file.parent / "steps.csv").write_bytes(
        b"\xef\xbb\xbfstep, factor\r\n0,1\r\n3e2,.1\r\n\r\n600,1e-2\r\n"
    )

    assert read_with_baseline(file)[0] == before


@pytest.mark.parametrize(
    "below",
    [
        '[fixed]\nschedule_pieces.file = "steps.csv"\n',
        '[fixed.schedule_pieces]\nfile = "steps.csv"\n',
        '[scientific]\nwidth = [1, 2]\n[fixed.when.width.1]\npieces = { file = "steps.csv" }\n',
    ],
)
def test_every_way_to_write_a_fixed_table_is_read(file, below):
    file.write_text(FILE.partition("[fixed]")[0] + below)

    _, text = read_with_baseline(file)

    assert f'pieces = "{PIECES}"  # from steps.csv' in text


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        ("", ["1: needs `step,factor` as its first line"]),
        ("\n0,1\n", ["2: needs `step,factor` as its first line"]),
        ("step,factor\n", ["1: 0 pieces are not between 1 and 100"]),
        ("step,factor\n0,1,2\n\n5\n", ["2: needs two cells, found 3", "4: needs two cells, found"]),
        ("step,factor\n3,1\n\n2,x\n", ["2: the first step is 3", "4: step 2", "4: the factor 'x'"]),
    ],
)
def test_every_mistake_of_a_table_is_named_at_its_line(file, table, lines):
    (file.parent / "steps.csv").write_text(table)

    with pytest.raises(ExperimentError) as refused:
        read_with_baseline(file)

    found = [str(mistake) for mistake in refused.value.mistakes]
    assert [
        line for line, said in zip(lines, found, strict=True) if f"steps.csv:{line}" not in said
    ] == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"step,factor\n0,\0\n"])
def test_what_is_no_table_is_refused_in_words(file, content):
    (file.parent / "steps.csv").write_bytes(content)

    with pytest.raises(ExperimentError, match=r"steps\.csv:\d"):
        read_with_baseline(file)


def test_a_file_that_is_not_there_is_named_with_one_that_is(file):
    file.write_text(FILE.replace('"steps.csv"', '"step.csv"'))

    with pytest.raises(ExperimentError) as refused:
        read_with_baseline(file)

    (mistake,) = refused.value.mistakes
    assert (mistake.where, mistake.line) == ("fixed.schedule_pieces", 12)
    assert "names 'step.csv', which cannot be read" in mistake.message
    assert mistake.message.endswith("Did you mean `steps.csv`?")


def test_mistakes_of_both_files_are_named_at_once(file):
    file.write_text(FILE.replace("trials = 4", "trials = 0"))
    (file.parent / "steps.csv").write_text("step,factor\n9,1\n")

    with pytest.raises(ExperimentError) as refused:
        read_with_baseline(file)

    places = [(one.file.rpartition("/")[2], one.line) for one in refused.value.mistakes]
    assert places == [("drops.toml", 5), ("steps.csv", 2)]


def test_a_folder_is_no_file(file):
    file.write_text(FILE.replace('"steps.csv"', '"."'))

    with pytest.raises(ExperimentError, match="Is a directory"):
        read_with_baseline(file)


@pytest.mark.parametrize("value", ["{ file = 3 }", '{ file = "steps.csv", columns = 2 }'])
def test_another_table_is_the_mistake_that_it_was(file, value):
    file.write_text(FILE.replace('{ file = "steps.csv" }', value))

    with pytest.raises(ExperimentError, match=r"drops\.toml:12: fixed\.schedule_pieces"):
        read_with_baseline(file)
