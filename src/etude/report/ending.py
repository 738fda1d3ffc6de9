"""An ending as HTML, for a notebook; the page of a report has a template of its own."""

from __future__ import annotations

from markupsafe import Markup

from ..advise.ending import Ending
from .markup import rich_code


def ending_html(ending: Ending) -> str:
    """The ending as HTML that needs no style, in the colors of its surroundings."""
    head = Markup("<p><b>{}</b>&ensp;{}</p>").format(ending.word, rich_code(ending.line))
    best = Markup("").join(Markup("<p>{}</p>").format(line) for line in ending.best)
    return str(Markup("").join([head, _table(ending), best, _reasons(ending), _steps(ending)]))


def _table(ending: Ending) -> Markup:
    if not ending.table:
        return Markup("")
    header, *rows = ending.table
    head = Markup("").join(Markup("<th>{}</th>").format(cell) for cell in header)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row)
        )
        for row in rows
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, body)


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
    lines = [
        Markup("<li>{}{}{}</li>").format(
            Markup("<code>{}</code>: ").format(step.command) if step.command else "",
            rich_code(step.text),
            f" ({step.cost})" if step.cost else "",
        )
        for step in ending.steps
    ]
    return _list("Next, most telling first", lines) if lines else Markup("")


def _list(title: str, lines: list[Markup]) -> Markup:
    return Markup("<p>{}:</p><ul>{}</ul>").format(title, Markup("").join(lines))
