"""Every rule of the playbook has its row in docs/rules.md, and a rule that is done has its test."""

from __future__ import annotations

from etude.playbook.rules import sentences

from .rules_table import TABLE, does, marked_tests, page, rules

# What the first decisions of a project and the pipeline rest on: each with a test and a name.
ASKED = {
    *(f"S{number}" for number in range(1, 18)),
    *(f"E{number}" for number in range(1, 9)),
    *("I1", "I2", "I3", "B1", "B2", "B3", "B4", "K1"),
    *("R6", "R8", "R10", "R16"),
}
# The others that no test is marked with. They are gaps, whatever the program does.
GAPS = {
    *("T2", "T6"),
    *("Q7", "Q8"),
    *("N1",),
}


def test_the_table_is_made_of_what_is_there():
    assert TABLE.read_text(encoding="utf-8") == page()


def test_a_line_says_what_is_done_about_every_rule():
    assert list(does()) == list(sentences())


def test_a_test_is_marked_with_rules_that_exist():
    named = set().union(*marked_tests().values())

    assert named - sentences().keys() == set()


def test_a_rule_of_the_start_and_the_pipeline_has_a_test_and_is_named():
    done = {one.id for one in rules() if one.tests and one.is_named}

    assert ASKED - done == set()


def test_a_rule_without_a_test_is_a_known_gap():
    tested = {one.id for one in rules() if one.tests}

    assert sentences().keys() - ASKED - tested == GAPS
