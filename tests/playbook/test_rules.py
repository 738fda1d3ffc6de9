from __future__ import annotations

import re
from pathlib import Path

import pytest

import etude
from etude.playbook.rules import sentence, sentences

SOURCES = sorted(Path(etude.__file__).parent.rglob("*.py"))
# An id of the playbook as messages, `rule=` and `Source:` lines carry it.
RULE = re.compile(r"\b([SRCAXTIEKBQDLWN]\d{1,2})\b(?!-\d)")


def named(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    return {rule for line in text.splitlines() if _speaks(line) for rule in RULE.findall(line)}


def _speaks(line: str) -> bool:
    return "Source:" in line or "rule=" in line or '"' in line


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_rule_that_the_source_names_has_a_sentence(path):
    assert named(path) <= set(sentences())


@pytest.mark.parametrize("rule", sentences())
def test_a_rule_is_one_sentence(rule):
    assert re.fullmatch(r"[A-Z].*[^.]\.", sentence(rule))


def test_an_unknown_rule_is_a_key_error():
    with pytest.raises(KeyError):
        sentence("Z1")
