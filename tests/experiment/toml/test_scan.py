"""One pass over a text: where statements end, and a time that grows with the length alone."""

import time
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.experiment.toml.shapes import SHAPES

from etude.errors import ExperimentError
from etude.experiment.baseline import read as read_baseline
from etude.experiment.baseline import read_with_baseline
from etude.experiment.change import Change
from etude.experiment.toml.edit import Edit, edited
from etude.experiment.toml.scan import comment_start, most_steps, signs, statement_ends

EDIT = Edit(Change(("nuisance", "x"), "high", 2.0), "C1: a")


def seconds(call):
    """Processor time of a call, whatever it says."""
    begin = time.process_time()
    with suppress(ExperimentError):
        call()
    return time.process_time() - begin


def is_linear(make, n, call):
    """Whether four times the length takes less than ten times as long: the square takes sixteen."""
    short, long = make(n), make(4 * n)
    return any(
        seconds(lambda: call(long)) < 10 * max(seconds(lambda: call(short)), 0.02) for _ in range(3)
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_reading_takes_time_as_the_length(shape, tmp_path):
    make, n = SHAPES[shape]
    place = tmp_path / "a.toml"

    def read(text):
        place.write_text(text, newline="")
        read_with_baseline(place)

    assert is_linear(make, n, read)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_edit_takes_time_as_the_length(shape):
    assert is_linear(*SHAPES[shape], lambda text: edited(text, [EDIT]))


@pytest.mark.parametrize("lines", ["\n" * 3000, "\n" * 10_000, " \n" * 10_000])
def test_blank_lines_are_read_at_once(lines, tmp_path):
    make, _ = SHAPES["blank lines"]
    place = tmp_path / "a.toml"
    place.write_text(make(1).replace("[nuisance]", f"{lines}[nuisance]"))
    other = tmp_path / "baseline.toml"
    other.write_text(f"[setting]{lines}x = 1\n")

    spent = seconds(lambda: read_with_baseline(place)) + seconds(lambda: read_baseline(other))

    assert spent < 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a = 1\nb = 2\n", ["a = 1\n", "b = 2\n"]),
        ("a = [\n1,\n]\nb = 2", ["a = [\n1,\n]\n", "b = 2"]),
        ("a = [ # ]\n1]\n", ["a = [ # ]\n1]\n"]),
        ('a = """\n]\n"""\nb = 1\n', ['a = """\n]\n"""\n', "b = 1\n"]),
        ("a = '''\n'''''\nb = 1\n", ["a = '''\n'''''\n", "b = 1\n"]),
        ('a = "\\"#["\nb = 1\n', ['a = "\\"#["\n', "b = 1\n"]),
        ("[[x]]\r\na = {b = '}'}\r\n", ["[[x]]\r\n", "a = {b = '}'}\r\n"]),
        ("", []),
    ],
)
def test_statements_end_where_toml_ends_them(text, parts):
    ends = [0, *statement_ends(text)]

    assert [text[a:b] for a, b in pairwise(ends)] == parts


def test_a_comment_begins_outside_of_texts():
    text = 'a = "#" # b # c'

    assert text[comment_start(text) :] == "# b # c"
    assert comment_start('a = "#"') == len('a = "#"')


def test_steps_are_those_of_one_key():
    assert most_steps("a.b.c = 1.5\nd = [1.5, 2.5]\n") == 2
    assert most_steps('"a.b" . "c" = "1.2.3"\n') == 1


@given(st.text(alphabet="\"'#[]{}=,.\\\n ab"))
def test_any_text_is_scanned_from_its_begin_to_its_end(text):
    found = list(signs(text))

    assert all(one.begin < one.end <= len(text) for one in found)
    assert [one.begin for one in found] == sorted(one.begin for one in found)
