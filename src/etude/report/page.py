"""The report as one HTML file: text, charts, styles and what draws them; nothing is fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any

import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from .. import __version__
from ..experiment.toml.write import toml_text
from ..finding import Finding, Group, Recommendation, grouped
from ..plot.scales import shown
from ..plot.theme import DARK, FONT, LIGHT, VARIABLES, Palette, config, specification
from ..space import Choice, Integer, Real
from .content import Content, Figure
from .figures import figures, row_limit
from .markup import cited, flat, opening, plain, prose, rule, subject, value
from .selection import drawn, left_out
from .trial_table import best_setting, facts, lead, shown_rows, summary, table

WORDS = {"problem": "Problem", "notice": "Notice", "unclear": "Cannot be judged", "ok": "In order"}
STANDING = {
    "better": "Better, beyond the luck of the search",
    "unclear": "Unclear: the evidence does not carry an answer yet",
    "no_question": "No comparison: only the best setting is known",
}
_ORDER = ("problem", "unclear", "notice", "ok")
# Heuristic: more doubts or changes than this push the rest off the first screen.
MAX_LISTED = 7
# Heuristic: a diff of more characters is read in the repository, not in a report.
_MAX_TEXT = 20_000


def page(material: Content) -> str:
    """The report of a round as one HTML file that needs neither network nor other files.

    Source: C13, C15, R5.
    """
    names = drawn(material.studies, material.findings)
    found = figures(material.analysis, names, material.findings)
    content = {
        **_answer(material),
        **_studies(material, found, names),
        **_findings(material.findings),
        **_trials(material),
        **_origin(material),
        "rules": cited(_texts(material)),
        "charts": _charts(found),
        "style": Markup(_style()),
        "script": Markup(_part("page.js")),
        "vega": Markup(_vega()),
    }
    return _environment().from_string(_part("page.html.j2")).render(content).lstrip()


def safe_json(data: Any) -> Markup:
    """The data as JSON that can stand inside a script element, whatever its strings hold."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _answer(material: Content) -> dict[str, Any]:
    experiment = material.experiment
    return {
        "experiment": experiment,
        "question": experiment.question or f"Which setting reaches the best {experiment.metric}?",
        "verdict": material.verdict,
        "standing": STANDING,
        "facts": facts(material.analysis),
        "doubts": _once(material.verdict.doubts),
        "changes": _changes(material.recommendations),
        "edits": len(material.recommendations),
        "left_to_you": _once(
            material.left_to_you or ["No change of the experiment is recommended."]
        ),
        "waiting": _once(material.waiting),
        "most": MAX_LISTED,
        "next_command": material.next_command,
        "date": material.date,
    }


def _once(sentences: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(sentences))


def _changes(recommendations: Sequence[Recommendation]) -> list[dict[str, Any]]:
    """The changes, those for the same reason under it together."""
    reasons: dict[tuple[str, str], list[dict[str, str]]] = {}
    for one in recommendations:
        reasons.setdefault((one.rule, one.because), []).append(
            {
                "path": one.path,
                "part": one.part,
                "old": _written(one.old),
                "new": _written(one.new),
            }
        )
    return [
        {"rule": rule, "because": because, "edits": edits}
        for (rule, because), edits in reasons.items()
    ]


def _written(part: Any) -> str:
    """A value or a range of an experiment file."""
    if part is None:
        return "nothing"
    return toml_text(part) if isinstance(part, Real | Integer | Choice) else value(part)


def _studies(
    material: Content, found: Sequence[Figure], names: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    return {
        "overview": [figure for figure in found if not figure.study],
        "studies": [
            {
                "title": "The study" if study.name == "all" else f"Study {study.name}",
                "summary": summary(study, material.analysis),
                "setting": best_setting(study, material.analysis),
                "left_out": left_out(study, names),
                "figures": [figure for figure in found if figure.study == study.name],
            }
            for study in material.studies
        ],
    }


def _findings(findings: Sequence[Finding]) -> dict[str, Any]:
    ordered = sorted(grouped(findings), key=lambda one: _ORDER.index(one.first.status))
    shown_findings = [_finding(one) for one in ordered]
    counts = [sum(one.status == status for one in findings) for status in _ORDER]
    named = [
        f"{count} {_counted(status, count)}"
        for count, status in zip(counts, _ORDER, strict=True)
        if count
    ]
    return {
        "words": WORDS,
        "findings_lead": f"What the checks found: {', '.join(named)}."
        if named
        else "No check has run.",
        "open_findings": [one for one in shown_findings if one["status"] != "ok"],
        "ok_findings": [one for one in shown_findings if one["status"] == "ok"],
    }


def _counted(status: str, count: int) -> str:
    many = {"problem": "problems", "notice": "notices"}
    return many[status] if count > 1 and status in many else WORDS[status].lower()


def _finding(group: Group) -> dict[str, Any]:
    one = group.first
    given = {each.name: getattr(one, each.name) for each in fields(one)}
    about = {"subject": subject(one), "evidence": flat(one.evidence)}
    return {**given, "message": group.message, **about}


def _trials(material: Content) -> dict[str, Any]:
    rows = table(material.analysis)
    return {"trials": shown_rows(rows), "trials_lead": lead(rows)}


def _origin(material: Content) -> dict[str, Any]:
    return {
        "not_checked": [f"{what} ({name})" for name, what in material.not_checked.items()],
        "launches": material.launches,
        "text": _cut(material.text),
        "cut": _cut,
        "version": __version__,
    }


def _texts(material: Content) -> list[str]:
    """All texts that may name a rule."""
    findings = [text for one in material.findings for text in (one.rule, one.message, one.advice)]
    changes = [text for one in material.recommendations for text in (one.rule, one.because)]
    doubts = [material.verdict.message, *material.verdict.doubts]
    return [*findings, *changes, *doubts, *material.not_checked]


def _charts(found: Sequence[Figure]) -> Markup:
    rows = row_limit(found)
    specs = {figure.name: specification(figure.draw(rows)) for figure in found}
    return safe_json({"config": config(VARIABLES), "charts": specs})


def _style() -> str:
    light, dark = _variables(LIGHT), _variables(DARK)
    themes = f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    return themes + _part("page.css").replace("FONT", FONT)


def _variables(palette: Palette) -> str:
    plain_colors = {
        each.name: getattr(palette, each.name) for each in fields(palette) if each.name != "best"
    }
    best = {f"best-{rank}": color for rank, color in enumerate(palette.best, start=1)}
    return "".join(f"--{name}:{color};" for name, color in {**plain_colors, **best}.items())


def _cut(text: str) -> str:
    more = f"\n... and {len(text) - _MAX_TEXT:,} more characters."
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + more


@cache
def _vega() -> str:
    """Vega, Vega-Lite and Vega-Embed, unable to end the script element they stand in."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(prose=prose, rule=rule, plain=plain, opening=opening, shown=shown)
    return environment
