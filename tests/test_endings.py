"""How experiments of many kinds end: within the limits of the form, and as it was written down.

A change of words that is meant is recorded by `python -m tests.golden.record`.
"""

from __future__ import annotations

import difflib
from functools import cache

import pytest
from tests import form
from tests.golden.endings import EXPERIMENTS, GOLDEN, Said, path_of

# What sentences of checks do not keep yet, by experiment; the last who amends them empties it.
NOT_YET: dict[str, set[str]] = {}


@cache
def said_of(name: str) -> Said:
    """What is said of an experiment, played once."""
    return EXPERIMENTS[name]()


@pytest.mark.parametrize("name", GOLDEN)
def test_an_ending_is_as_it_was_written_down(name):
    expected = path_of(name).read_text(encoding="utf-8")

    told = said_of(name).text()

    lines = difflib.unified_diff(expected.splitlines(), told.splitlines(), lineterm="", n=0)
    assert list(lines) == []


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_ending_is_short(name):
    told = said_of(name).by_command.items()
    sizes = [
        (len(lines), sum(map(form.words, lines)))
        for command, lines in told
        if not command.startswith("check")
    ]

    assert max(lines for lines, _ in sizes) <= form.MAX_ENDING_LINES
    assert max(words for _, words in sizes) <= form.MAX_ENDING_WORDS


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_check_is_read_at_one_glance(name):
    told = said_of(name).by_command.items()
    sizes = [len(lines) for command, lines in told if command.startswith("check")]

    assert all(size <= form.MAX_CHECK_LINES for size in sizes)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_ending_keeps_the_form(name):
    found = {
        offence: line
        for lines in said_of(name).by_command.values()
        for line in lines
        for offence in form.line_offences(line)
    }

    assert {one: found[one] for one in found.keys() - NOT_YET.get(name, set())} == {}


def test_the_demo_says_first_what_a_senior_engineer_would():
    lines = said_of("the demo").by_command["run"]

    first = lines[lines.index("Why not yet:") + 1 :][:3]

    assert any("27 against 35 of 1,397 wrong, once each, is a tie" in line for line in first)
    assert any("The race was unfair: " in line for line in first)
    assert any(line.endswith(("C3", "D3")) for line in first)
