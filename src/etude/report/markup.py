"""Sentences as HTML, with code in backticks and rule ids as links; values and subjects as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isnan
from typing import Any

from markupsafe import Markup, escape

from ..finding import Finding
from ..playbook.rules import sentences
from ..plot.scales import value_label
from ..wording import join

# The L2 norm is no rule on schedules.
_RULE = re.compile(r"\b(?!L[12][ -](?:norm|penalty|regularization))[A-Z]\d{1,2}\b")
# So many entries of a list are written out.
_MAX_ENTRIES = 12


def rich_text(text: str) -> Markup:
    """The text as HTML: escaped, `code` as code, the ids of known rules as links."""
    return _with_code(text, _with_rule_links)


def rich_code(text: str) -> Markup:
    """The text as HTML: escaped, `code` as code."""
    return _with_code(text, escape)


def _with_code(text: str, plain: Callable[[str], Markup]) -> Markup:
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    pieces = [
        Markup("<code>{}</code>").format(part) if place % 2 else plain(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(pieces)


def rule_link(name: str) -> Markup:
    """The id of a rule, linked to its sentence where there is one."""
    sentence_by_rule = sentences()
    if name not in sentence_by_rule:
        return escape(name)
    link = Markup('<a class="rule" href="#rule-{}" title="{}">{}</a>')
    return link.format(name, sentence_by_rule[name], name)


def plain_text(text: str) -> str:
    """The text without the marks of code, for a label that is read aloud."""
    return text.replace("`", "")


def cited_rules(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The rules that these texts name, with their sentences, in the playbook's order."""
    named = {name for text in texts for name in _RULE.findall(text)}
    return [(name, sentence) for name, sentence in sentences().items() if name in named]


def beginning_and_rest(text: str, most: int = 420) -> tuple[str, str]:
    """A long text cut in two where it may pause; a short one has no rest.

    >>> beginning_and_rest("One. Two. Three.", most=10), beginning_and_rest("One. Two.")
    (('One. Two.', 'Three.'), ('One. Two.', ''))
    """
    # Heuristic: a rest of a line or two is not worth a click.
    if len(text) <= 1.4 * most:
        return text, ""
    for pause in (". ", "; ", ", "):
        ends = [match.start() + 1 for match in re.finditer(re.escape(pause), text[: most + 1])]
        outside_code = [end for end in ends if text[:end].count("`") % 2 == 0]
        if outside_code:
            return text[: outside_code[-1]], text[outside_code[-1] :].strip()
    return text, ""


def evidence_text(value: Any) -> str:
    """A value of a finding's evidence: numbers rounded, long lists cut.

    >>> evidence_text([1, 2.34567, "a"]), evidence_text({"nan": 3})
    ('1, 2.346, a', 'nan: 3')
    """
    if value is None or isinstance(value, bool):
        return {None: "unknown", True: "yes", False: "no"}[value]
    if isinstance(value, Mapping):
        entries = [f"{name}: {evidence_text(entry)}" for name, entry in value.items()]
        return join(entries, most=_MAX_ENTRIES)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return join([evidence_text(entry) for entry in value], most=_MAX_ENTRIES) or "none"
    return value_label(value)


def evidence_lines(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The evidence that is known and fits a line, as text; `etude check --json` has all of it."""
    return [
        (name.replace("_", " "), evidence_text(value))
        for name, value in evidence.items()
        if not (_is_table(value) or _is_empty(value))
    ]


def _is_table(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(isinstance(entry, Mapping) for entry in value)
    return isinstance(value, Mapping)


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], ()) or (isinstance(value, float) and isnan(value))


def subject_text(finding: Finding) -> str:
    """The subject of a finding: the study, the hyperparameter and its side, the trial."""
    subject = dict(finding.subject)
    side = subject.pop("side", None)
    study = subject.pop("study", None)
    parts = [f"study {evidence_text(study)}"] if study else []
    if "hyperparameter" in subject:
        ending = f", {side} side" if side else ""
        parts.append(f"{evidence_text(subject.pop('hyperparameter'))}{ending}")
    others = [f"{name} {evidence_text(value)}" for name, value in subject.items()]
    return " · ".join([*parts, *others])


def _with_rule_links(text: str) -> Markup:
    pieces = []
    end = 0
    for match in _RULE.finditer(text):
        pieces += [escape(text[end : match.start()]), rule_link(match.group())]
        end = match.end()
    return Markup("").join([*pieces, escape(text[end:])])
