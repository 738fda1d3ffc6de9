from __future__ import annotations

import pytest

from etude.finding import Finding
from etude.report.markup import cited_rules, evidence_lines, rich_text, subject_text


def test_code_is_set_as_code_and_rules_are_links():
    text = rich_text("Widen `learning_rate` (C1).")

    assert "<code>learning_rate</code>" in text
    assert 'href="#rule-C1"' in text


def test_a_rule_within_code_is_no_link():
    assert rich_text("`C1`") == "<code>C1</code>"


@pytest.mark.parametrize(
    "text", ["Z99", "AC1", "C1x", "c1", "the L2 norm of the gradient", "an L2 penalty"]
)
def test_what_is_no_rule_is_no_link(text):
    assert rich_text(text) == text


def test_an_odd_backtick_is_kept():
    assert rich_text("a ` b") == "a ` b"


def test_rules_are_cited_in_the_order_of_the_playbook():
    assert [rule for rule, _ in cited_rules(["Q10 and C1", "R5"])] == ["R5", "C1", "Q10"]


def test_a_subject_reads_as_words():
    finding = Finding(
        rule="C1",
        check="boundary",
        status="ok",
        subject={"study": "all", "hyperparameter": "momentum", "side": "low"},
        message="",
    )

    assert subject_text(finding) == "study all · momentum, low side"


def test_evidence_is_flat():
    evidence = {"ended": 20, "natural_limit": False, "tables": [{"low": 1}], "none": None}

    assert evidence_lines(evidence) == [("ended", "20"), ("natural limit", "no")]
