from __future__ import annotations

import re

import pytest

from etude.playbook.rules import sentence, sentences

from ..sources import PACKAGE, SOURCES

# An id of the playbook as messages, `rule=` and `Source:` lines carry it.
RULE = re.compile(r"\b([SRCAXTIEKBQDLWN]\d{1,2})\b(?!-\d)")
SENTENCE = re.compile(r"[A-Z].*[^.]\.")


def named(source: str) -> set[str]:
    text = (PACKAGE / source).read_text(encoding="utf-8")
    return {rule for line in text.splitlines() if _speaks(line) for rule in RULE.findall(line)}


def _speaks(line: str) -> bool:
    return "Source:" in line or "rule=" in line or '"' in line


def test_every_rule_that_the_source_names_has_a_sentence():
    unknown = [
        f"{source}: {rule}" for source in SOURCES for rule in sorted(named(source) - {*sentences()})
    ]

    assert unknown == []


def test_a_rule_is_one_sentence():
    rules = {rule: sentence(rule) for rule in sentences()}

    assert {rule: text for rule, text in rules.items() if not SENTENCE.fullmatch(text)} == {}


def test_an_unknown_rule_is_a_key_error():
    with pytest.raises(KeyError):
        sentence("Z1")
