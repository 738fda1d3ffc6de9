"""An ending as HTML, for a notebook; the page of a report has a template of its own."""

from __future__ import annotations

from markupsafe import Markup

from ..advise.ending import Ending, NextStep
from .cells import table
from .markup import rich_code


def ending_html(ending: Ending, *, chart: str = "", trials: str = "") -> str:
    """The ending as HTML that needs no style, in the colors of its surroundings.

    Args:
        ending: What is said.
        chart: HTML below the table of studies.
        trials: HTML at the end.
    """
    head = Markup("<p><b>{}</b>&ensp;{}</p>").format(ending.word, rich_code(ending.line))
    best = Markup("").join(Markup("<p>{}</p>").format(line) for line in ending.best)
    parts = [head, _table(ending), Markup(chart), best, _reasons(ending), _steps(ending)]
    return str(Markup("").join([*parts, Markup(trials)]))


def _table(ending: Ending) -> Markup:
    if not ending.table:
        return Markup("")
    header, *rows = ending.table
    return table(header, rows)


def _reasons(ending: Ending) -> Markup:
    if not (ending.reasons or ending.hidden):
        return Markup("")
    lines = [
        Markup("<li>{} <small>{}</small></li>").format(
            rich_code(reason.text), ", ".join(reason.rules)
        )
        for reason in ending.first_reasons
    ]
    if ending.hidden:
        more = Markup("<li>{} more: <code>{}</code></li>")
        lines.append(more.format(ending.hidden, ending.more))
    return _list(ending.why, lines)


def _steps(ending: Ending) -> Markup:
    if not ending.steps:
        return Markup("")
    title = "Next, most telling first" if len(ending.steps) > 1 else "Next"
    return _list(title, [_step(step) for step in ending.steps])


def _step(step: NextStep) -> Markup:
    return Markup("<li>{}{}{}</li>").format(
        Markup("<code>{}</code>: ").format(step.command) if step.command else "",
        rich_code(step.text),
        f" ({step.cost})" if step.cost else "",
    )


def _list(title: str, lines: list[Markup]) -> Markup:
    return Markup("<p>{}:</p><ul>{}</ul>").format(title, Markup("").join(lines))
