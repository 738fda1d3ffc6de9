"""What a notebook shows of a result: the report's first screen, a table of findings, its charts."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import altair as alt
import vl_convert
from markupsafe import Markup

from ..advise.ending import Ending
from ..analyze.analysis import Analysis
from ..analyze.views.outcomes import ranked
from ..errors import RunError
from ..finding import Finding, Group, StudyRow, grouped
from ..plot.theme import Palette, config, drawn
from ..text.signs import readable, readable_json
from ..wording import chart_number, nearest, number, quantity, shortened
from .cells import table
from .ending import ending_html
from .figures import figures
from .inputs import Figure
from .markup import rich_code, subject_text

Chart: TypeAlias = alt.TopLevelMixin
# Ink is whatever a page writes with; the colours stand out from white and from black by 3:1.
PALETTE: Final = Palette(
    paper="transparent",
    ink="currentColor",
    quiet="currentColor",
    line="#80808055",
    rest="#7e8792",
    accent="#2f80d0",
    infeasible="#dd4f2c",
    best=("#2f80d0", "#b0761a", "#12916c", "#a765bb", "#78828c"),
)
WIDTH: Final = 640
# The figures that show all studies at once, the first of those that there are is shown.
_FIRST: Final = ("strip", "isolation")
# Altair shows no chart of more than 5,000 rows; a cell is stored with what it shows.
_MAX_ROWS, _MAX_POINTS = 4000, 400
_MOST_TRIALS = 5
_MOST_VALUES = 8
_STATUS: Final = {"problem": "Problem", "unclear": "Unclear", "notice": "Notice", "ok": "In order"}


def first_screen(ending: Ending, analysis: Analysis, intervals: Sequence[StudyRow] = ()) -> str:
    """The answer, every trial in one chart, why not surer, what next, and the five best trials.

    Args:
        ending: What is said.
        analysis: Of the trials.
        intervals: Of the verdict, a row a study, which the chart draws.

    Source: C13.
    """
    question = analysis.experiment.question
    head = Markup("<p><i>{}</i></p>").format(question) if question else Markup("")
    screen = ending_html(
        replace(ending, best=()), chart=_strip(analysis, intervals), trials=_best_trials(analysis)
    )
    return readable(f"<div>{head}{screen}</div>")


def findings_html(findings: Sequence[Finding]) -> str:
    """The findings as a table, problems first; those that are in order are folded.

    Source: C15.
    """
    order = list(_STATUS)
    groups = sorted(grouped(findings), key=lambda group: order.index(group.first.status))
    still_open = [group for group in groups if group.first.status != "ok"]
    settled = [group for group in groups if group.first.status == "ok"]
    parts = [_findings_table(still_open)] if still_open else []
    if not groups:
        parts.append(Markup("<p>No check has run.</p>"))
    if settled:
        fold = Markup("<details><summary>{}</summary>{}</details>")
        in_order = quantity(len(settled), "finding is", "findings are")
        parts.append(fold.format(f"{in_order} in order", _findings_table(settled)))
    return readable(str(Markup("<div>{}</div>").format(Markup("").join(parts))))


def chart_named(all_figures: Sequence[Figure], name: str) -> Chart:
    """A chart of the report by its name, in colours that a light and a dark page both show.

    `curves` alone is the first of `curves-1-valid-error`, `curves-1-train-loss` and so on, where no
    chart has just this name.

    Raises:
        RunError: for a name that no chart has, with those that there are.
    """
    figure = _figure(all_figures, name)
    chart = figure.draw(_MAX_ROWS)
    if getattr(chart, "width", None) == "container":
        chart.width = WIDTH
    chart.config = _config()
    return chart


def _figure(all_figures: Iterable[Figure], name: str) -> Figure:
    by_name = {figure.name: figure for figure in all_figures}
    if not by_name:
        raise RunError("There is no chart before a trial has ended. Look again when one has.")
    begins = [one for one in by_name if one.startswith(f"{name}-")]
    if name in by_name or begins:
        return by_name[name if name in by_name else begins[0]]
    kinds = dict.fromkeys(one.partition("-")[0] for one in by_name)
    near = nearest(name, [*kinds, *by_name])
    meant = f" Did you mean `{near}`?" if near else ""
    listed = ", ".join(f"`{one}`" for one in by_name)
    raise RunError(f"There is no chart `{name}`.{meant} Charts: {listed}.")


# --- the first screen


def _strip(analysis: Analysis, intervals: Sequence[StudyRow]) -> str:
    """The chart of all studies as SVG; empty before a trial has ended."""
    nothing: dict[str, list[str]] = {study.name: [] for study in analysis.studies}
    by_name = {
        figure.name: figure for figure in figures(analysis, nothing, [], intervals=intervals)
    }
    shown = [by_name[name] for name in _FIRST if name in by_name]
    if not shown:
        return ""
    spec = drawn(lambda: shown[0].draw(_MAX_POINTS))
    spec["config"] = _config()
    if spec.get("width") == "container":
        spec["width"] = WIDTH
    spec = json.loads(readable_json(json.dumps(spec, ensure_ascii=False)))
    figure = Markup('<figure style="margin:0" role="img" aria-label="{}">').format(shown[0].caption)
    caption = Markup("<figcaption><small>{}</small></figcaption></figure>").format(
        shown[0].caption.replace("`", "")
    )
    return f"{figure}{_alone(vl_convert.vegalite_to_svg(spec))}{caption}"


def _alone(svg: str) -> str:
    """The picture as wide as there is room for, with ids that no other picture of the page has."""
    mark = f"etude{zlib.crc32(svg.encode()):08x}"
    svg = re.sub(r'id="([\w-]+)"', rf'id="{mark}\1"', svg)
    svg = re.sub(r"url\(#([\w-]+)\)", rf"url(#{mark}\1)", svg)
    return svg.replace("<svg ", '<svg style="max-width:100%;height:auto" ', 1)


def _config() -> dict[str, Any]:
    known = config(PALETTE)
    # What stands on a mark is white: paper is whatever the page has.
    known["style"]["best-rank"]["color"] = "#ffffff"
    return known


def _best_trials(analysis: Analysis) -> Markup:
    """The best trials of all studies with what was searched of their settings."""
    studies = {study.name: study for study in analysis.studies}
    outcomes = [outcome for study in analysis.studies for outcome in analysis.outcomes(study)]
    best = ranked(outcomes)[:_MOST_TRIALS]
    if not best:
        return Markup("")
    searched = [name for one in best for name in studies[one.record.study].space.domains]
    names = list(dict.fromkeys(searched))[:_MOST_VALUES]
    is_compared = len(studies) > 1
    header = ["trial", *(["study"] if is_compared else []), analysis.experiment.metric, "step"]
    rows = [
        [
            str(one.trial),
            *([one.record.study] if is_compared else []),
            chart_number(one.value or 0.0),
            f"{one.step or 0:,}",
            *(number(one.record.setting.get(name, "")) for name in names),
        ]
        for one in best
    ]
    title = "The best trial" if len(best) == 1 else f"The best {len(best)} trials"
    return Markup("<p>{}:</p>{}").format(title, table([*header, *names], rows))


# --- findings


def _findings_table(groups: Sequence[Group]) -> Markup:
    return table(["", "finding", "what to do", "of", "rule"], [_finding_row(one) for one in groups])


def _finding_row(group: Group) -> list[str]:
    finding = group.first
    claim = finding.headline or shortened(group.message)
    whole = Markup("<details><summary>{}</summary><small>{}</small></details>").format(
        rich_code(claim), rich_code(group.message)
    )
    status = "Known" if finding.acknowledged else _STATUS[finding.status]
    advice = "" if finding.acknowledged else rich_code(finding.advice)
    return [status, whole, advice, subject_text(finding), finding.rule]
