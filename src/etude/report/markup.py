"""Sentences as a page shows them, code in backticks and rule ids as links; values as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

from markupsafe import Markup, escape

from ..finding import Finding
from ..playbook.rules import sentences
from ..plot.scales import shown
from ..wording import join

_RULE = re.compile(r"\b[A-Z]\d{1,2}\b")
# So many entries of a list are written out.
_ENTRIES = 12


def prose(text: str) -> Markup:
    """The text as HTML: escaped, `code` as code, the ids of known rules as links."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _linked(text)
    marked = [
        Markup("<code>{}</code>").format(part) if place % 2 else _linked(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(marked)


def rule(name: str) -> Markup:
    """A rule's id, linked to its sentence where there is one."""
    known = sentences()
    if name not in known:
        return escape(name)
    link = Markup('<a class="rule" href="#rule-{}" title="{}">{}</a>')
    return link.format(name, known[name], name)


def plain(text: str) -> str:
    """The text without the marks of code, for a label that is read aloud."""
    return text.replace("`", "")


def cited(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The rules that these texts name, with their sentences, in the playbook's order."""
    named = {name for text in texts for name in _RULE.findall(text)}
    return [(name, sentence) for name, sentence in sentences().items() if name in named]


def opening(text: str, most: int = 420) -> tuple[str, str]:
    """The beginning of a long text, up to where it may pause, and the rest; short ones have none.

    >>> opening("One. Two. Three.", most=10), opening("One. Two.")
    (('One. Two.', 'Three.'), ('One. Two.', ''))
    """
    # Heuristic: a rest of a line or two is not worth a click.
    if len(text) <= 1.4 * most:
        return text, ""
    for pause in (". ", "; ", ", "):
        ends = [one.start() + 1 for one in re.finditer(re.escape(pause), text[: most + 1])]
        whole = [end for end in ends if text[:end].count("`") % 2 == 0]
        if whole:
            return text[: whole[-1]], text[whole[-1] :].strip()
    return text, ""


def value(given: Any) -> str:
    """A value of a finding's evidence: numbers rounded, long lists cut.

    >>> value([1, 2.34567, "a"]), value({"nan": 3})
    ('1, 2.346, a', 'nan: 3')
    """
    if given is None or isinstance(given, bool):
        return {None: "unknown", True: "yes", False: "no"}[given]
    if isinstance(given, Mapping):
        return join([f"{name}: {value(one)}" for name, one in given.items()], most=_ENTRIES)
    if isinstance(given, Sequence) and not isinstance(given, str):
        return join([value(one) for one in given], most=_ENTRIES) or "none"
    return shown(given)


def flat(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The evidence that is known and fits a line, as text; all is in `etude check --json`."""
    return [
        (name.replace("_", " "), value(given))
        for name, given in evidence.items()
        if not (_is_table(given) or _is_nothing(given))
    ]


def _is_table(given: object) -> bool:
    several = isinstance(given, list | tuple) and any(isinstance(one, Mapping) for one in given)
    return several or isinstance(given, Mapping)


def _is_nothing(given: object) -> bool:
    return given is None or given in ("", [], ()) or (isinstance(given, float) and isnan(given))


def subject(finding: Finding) -> str:
    """What a finding is about, in words: the study, the hyperparameter and its side, the trial."""
    about = dict(finding.subject)
    side = about.pop("side", None)
    study = about.pop("study", None)
    parts = [f"study {value(study)}"] if study else []
    if "hyperparameter" in about:
        ending = f", {side} side" if side else ""
        parts.append(f"{value(about.pop('hyperparameter'))}{ending}")
    return " · ".join([*parts, *(f"{name} {value(one)}" for name, one in about.items())])


def _linked(text: str) -> Markup:
    pieces = []
    end = 0
    for match in _RULE.finditer(text):
        pieces += [escape(text[end : match.start()]), rule(match.group())]
        end = match.end()
    return Markup("").join([*pieces, escape(text[end:])])
