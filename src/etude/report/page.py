"""The report as one HTML file with its texts, charts, styles and scripts; nothing is fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache, partial
from importlib.resources import files
from typing import Any, TypeAlias

import altair as alt
import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from .. import __version__
from ..advise.ending import NextStep
from ..experiment.entry import OWN_LOOP, Launch
from ..experiment.toml.write import toml_text
from ..finding import Recommendation
from ..plot.theme import DARK, FONT, LIGHT, VARIABLES, Palette, config, drawn
from ..space import Choice, Integer, Real
from ..text.masking import masked_command, masked_diff, masked_values
from ..text.secret_values import secret_values, without_values
from ..text.shareable import Sharing, mapped, without_places
from ..text.signs import readable, readable_json
from ..wording import quantity
from .certainty import certainty
from .figures import figures, row_limit
from .findings import finding_groups
from .inputs import Figure, Inputs
from .markup import (
    beginning_and_rest,
    cited_rules,
    evidence_text,
    plain_text,
    rich_code,
    rich_text,
    rule_link,
)
from .predictions import evaluation_note, predictions
from .round_figures import round_figures
from .round_line import rounds_shown
from .selection import drawn_axes, omission_note
from .trial_data import trial_data
from .trial_table import (
    MAX_ROWS,
    Row,
    best_setting,
    facts,
    page_rows,
    study_summary,
    table_columns,
    table_note,
    trial_rows,
)

# Hides in a text, or in data with texts in it, what a page for others must not have.
_Hide: TypeAlias = Callable[[Any], Any]
# Heuristic: pixels of a frame whose height is not written down, and of axes and titles.
_FRAME, _AROUND = 160, 50
# The chart of the first screen: all studies beside each other.
FRONT = ("strip", "isolation")
# The form of what is said: one command, and at most two alternatives.
MAX_STEPS = 3
# What these do costs no training.
_FREE = ("etude adopt ", "etude check ", "etude compare ", "etude report ")
# Heuristic: a diff of more characters is read in the repository, not in a report.
_MAX_TEXT = 20_000
# Where the library goes when all else is safe; what stands in a name has no such sign.
_VEGA_PLACE = Markup("<vega>")


def page(inputs: Inputs) -> str:
    """The report of a round as one HTML file that needs neither network nor other files.

    Source: C13, C15, R5.
    """
    axes = drawn_axes(inputs.studies, inputs.findings)
    all_figures = figures(inputs.analysis, axes, inputs.findings, intervals=inputs.verdict.rows)
    all_figures += round_figures(inputs.rounds, inputs.experiment.objective)
    data = _charts(all_figures)
    hide = _hide(inputs)
    rows = trial_rows(inputs.analysis)
    values = {
        **_answer(inputs, all_figures),
        **_studies(inputs, all_figures, axes),
        **finding_groups(inputs.findings, inputs.verdict),
        **rounds_shown(inputs.rounds, inputs.experiment.metric),
        **_trials(inputs, rows),
        **predictions(inputs.predictions),
        "evaluation_note": evaluation_note(inputs.analysis),
        **_origin(inputs),
        "rules": cited_rules(_texts_with_rules(inputs)),
        "charts": safe_json(hide(data)),
        "heights": {name: _height(one) for name, one in data.get("charts", {}).items()},
        "trial_data": safe_json(hide(trial_data(inputs.analysis, rows, inputs.logs))),
        "style": Markup(_style()),
        "script": Markup(_file("page.js")),
        "vega": _VEGA_PLACE,
    }
    html = readable(_environment(hide).from_string(_file("page.html.j2")).render(values).lstrip())
    return html.replace(_VEGA_PLACE, _vega_bundle())


def _hide(inputs: Inputs) -> _Hide:
    """Takes what a page must not have: secrets, and for others users, machines and their paths."""
    fixed = {one.name for one in inputs.experiment.hyperparameters if one.role == "fixed"}
    secrets = secret_values([one.setting for one in inputs.analysis.records], fixed)
    if inputs.paths:
        return lambda data: mapped(data, lambda text: without_values(text, secrets))
    sharing = _sharing(inputs)
    stay = {without_values(value, secrets) for value in _texts_of_settings(inputs)}
    stay |= {sharing.text(value) for value in stay}

    @cache  # the names of fields and studies come with every row of a chart
    def text(text: str) -> str:
        return without_places(sharing.text(without_values(text, secrets)), stay)

    return lambda data: mapped(data, text)


def _texts_of_settings(inputs: Inputs) -> set[str]:
    """The values of settings and the names of metrics that may look like a path, and are none."""
    settings = [value for one in inputs.analysis.records for value in one.setting.values()]
    return {alt.SCHEMA_URL, *(value for value in settings if isinstance(value, str))}


def _sharing(inputs: Inputs) -> Sharing:
    """What a page for others hides, and the names that stay though they look like a path."""
    experiment, records = inputs.experiment, inputs.analysis.records
    launches = inputs.launches
    texts = [text for one in launches for text in (one.command, one.uncommitted)]
    texts += [inputs.text, *(one.detail for one in records), *inputs.logs.values()]
    texts += _texts_of_settings(inputs)
    words = {name for one in records for name in (*one.points.names, *one.setting)}
    words |= {alt.SCHEMA_URL, experiment.metric, *(one.name for one in experiment.hyperparameters)}
    return Sharing.of(texts, [launch.folder for launch in launches], words)


def safe_json(data: Any) -> Markup:
    """The data as JSON that can stand inside a script element, whatever its strings hold."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = readable_json(text)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _answer(inputs: Inputs, all_figures: Sequence[Figure]) -> dict[str, Any]:
    experiment = inputs.experiment
    return {
        "certainty": certainty(inputs.verdict),
        "strip": next((one for one in all_figures if one.name in FRONT), None),
        "experiment": experiment,
        "question": experiment.question or f"Which setting reaches the best {experiment.metric}?",
        "verdict": inputs.verdict,
        "ending": inputs.ending,
        "steps": [_with_cost(step) for step in inputs.ending.steps[:MAX_STEPS]],
        "facts": facts(inputs.analysis),
        "doubts": _unique(inputs.verdict.doubts),
        "changes": _changes(inputs.recommendations),
        "edits": len(inputs.recommendations),
        "left_to_you": _unique(inputs.left_to_you),
        "waiting": _unique(inputs.waiting),
        "date": inputs.date,
    }


def _with_cost(step: NextStep) -> NextStep:
    """The step with its cost, also where that is nothing; what is done by hand has none known."""
    free = step.command.startswith(_FREE)
    return replace(step, cost="no training") if free and not step.cost else step


def _unique(sentences: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(sentences))


def _changes(recommendations: Sequence[Recommendation]) -> list[dict[str, Any]]:
    """The changes, those for the same reason under it together."""
    reasons: dict[tuple[str, str], list[dict[str, str]]] = {}
    for recommendation in recommendations:
        edit = {
            "path": recommendation.path,
            "part": recommendation.part,
            "old": _file_text(recommendation.old),
            "new": _file_text(recommendation.new),
        }
        reasons.setdefault((recommendation.rule, recommendation.because), []).append(edit)
    return [
        {"rule": rule, "because": because, "edits": edits}
        for (rule, because), edits in reasons.items()
    ]


def _file_text(value: Any) -> str:
    """A value or a range as an experiment file has it."""
    if value is None:
        return "nothing"
    return toml_text(value) if isinstance(value, Real | Integer | Choice) else evidence_text(value)


def _studies(
    inputs: Inputs, all_figures: Sequence[Figure], axes: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    in_stacks = any(OWN_LOOP in launch.versions for launch in inputs.launches)
    apart = [next((one for one in all_figures if one.name in FRONT), None), _rounds(all_figures)]
    return {
        "rounds_chart": _rounds(all_figures),
        "overview": [one for one in all_figures if not one.study and one not in apart],
        "studies": [
            {
                "title": "The study" if study.name == "all" else f"Study {study.name}",
                "summary": study_summary(study, inputs.analysis, in_stacks=in_stacks),
                "setting": best_setting(study, inputs.analysis),
                "omission_note": omission_note(study, axes),
                "figures": [figure for figure in all_figures if figure.study == study.name],
            }
            for study in inputs.studies
        ],
    }


def _rounds(all_figures: Sequence[Figure]) -> Figure | None:
    return next((one for one in all_figures if one.name == "rounds"), None)


def _trials(inputs: Inputs, rows: Sequence[Row]) -> dict[str, Any]:
    columns = table_columns(rows, inputs.studies)
    return {
        "trials": page_rows(rows, columns),
        "columns": columns,
        "of_studies": len({row.study for row in rows}) > 1,
        "rows_left_out": max(0, len(rows) - MAX_ROWS),
        "table_note": table_note(rows),
        "logs_note": _logs_note(inputs),
    }


def _logs_note(inputs: Inputs) -> str:
    """Of how many trials what they printed is left out; empty where of none."""
    if not inputs.logs_left_out:
        return ""
    left_out = quantity(inputs.logs_left_out, "trial is", "trials are")
    return (
        f"Logs are in this page for {len(inputs.logs):,} trials, infeasible ones first, then the "
        f"best; those of {left_out} left out."
    )


def _origin(inputs: Inputs) -> dict[str, Any]:
    return {
        "not_checked": [f"{subject} ({rule})" for rule, subject in inputs.not_checked.items()],
        "launches": [_masked(launch) for launch in inputs.launches],
        "text": _excerpt(masked_values(inputs.text)),
        "excerpt": _excerpt,
        "version": __version__,
    }


def _masked(launch: Launch) -> Launch:
    """The launch without what looks like a secret, for one that was recorded with it."""
    return replace(
        launch,
        command=masked_command(launch.command),
        uncommitted=masked_diff(launch.uncommitted),
    )


def _texts_with_rules(inputs: Inputs) -> list[str]:
    """All texts that may name a rule."""
    findings = [
        text
        for finding in inputs.findings
        for text in (finding.rule, finding.message, finding.advice)
    ]
    changes = [
        text
        for recommendation in inputs.recommendations
        for text in (recommendation.rule, recommendation.because)
    ]
    doubts = [inputs.verdict.message, *inputs.verdict.doubts, *inputs.waiting]
    doubts += [rule for reason in inputs.ending.reasons for rule in reason.rules]
    return [*findings, *changes, *doubts, *inputs.not_checked]


def _charts(all_figures: Sequence[Figure]) -> dict[str, Any]:
    max_rows = row_limit(all_figures)
    specs = {figure.name: drawn(partial(figure.draw, max_rows)) for figure in all_figures}
    return {"config": config(VARIABLES), "charts": specs}


def _height(spec: Mapping[str, Any]) -> int:
    """About how many pixels a chart takes: its frames, and the texts around them."""
    parts = spec.get("vconcat") or [spec]
    frames = [part.get("height") for part in parts]
    return sum(int(one) if isinstance(one, int | float) else _FRAME for one in frames) + _AROUND


def _style() -> str:
    light, dark = _variables(LIGHT), _variables(DARK)
    themes = f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    return themes + _file("page.css").replace("FONT", FONT)


def _variables(palette: Palette) -> str:
    names = [field.name for field in fields(palette) if field.name != "best"]
    colors = {name: getattr(palette, name) for name in names}
    best = {f"best-{rank}": color for rank, color in enumerate(palette.best, start=1)}
    return "".join(f"--{name}:{color};" for name, color in {**colors, **best}.items())


def _excerpt(text: str) -> str:
    more = f"\n... and {len(text) - _MAX_TEXT:,} more characters."
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + more


@cache
def _vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed, unable to end the script element they stand in."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _environment(hide: _Hide) -> Environment:
    """The templates' environment; what is to be hidden goes before a text becomes HTML."""

    def shown(value: Any) -> Any:
        is_text = isinstance(value, str) and not isinstance(value, Markup)
        return hide(readable(value)) if is_text else value

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    environment.filters.update(
        beginning_and_rest=beginning_and_rest,
        plain_text=plain_text,
        rich_code=lambda text: rich_code(shown(text)),
        rich_text=lambda text: rich_text(shown(text)),
        rule_link=rule_link,
    )
    return environment
