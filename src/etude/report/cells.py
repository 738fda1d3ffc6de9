"""HTML for the cells of a notebook: it inherits colours, so light and dark pages both read it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from markupsafe import Markup

from ..text.signs import readable
from .markup import rich_code

# Notebooks align the cells of a table to the right, which is for numbers alone.
_LEFT = "text-align:left;vertical-align:top;padding:.2em .8em .2em .4em"
_PRE = "overflow-x:auto"
# Seen on white as on black, with the text over it in whatever colour the page has.
_ADDED, _REMOVED = "background:#2ea04333", "background:#f8514933"
# Heuristic: a longer diff or file is read in an editor.
_MAX_LINES = 400


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """Rows as a table; what is no Markup is text."""
    head = Markup("").join(Markup(f'<th style="{_LEFT}">{{}}</th>').format(one) for one in header)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup(f'<td style="{_LEFT}">{{}}</td>').format(one) for one in row)
        )
        for row in rows
    )
    whole = Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, body)
    # In a narrow window a table is moved aside, not the page.
    return Markup('<div style="overflow-x:auto">{}</div>').format(whole)


def next_round_html(
    file: str, goal: str, because: Sequence[tuple[str, str]], texts: tuple[str, str]
) -> str:
    """A next round: what it is for, why it changes what it changes, and the lines that differ.

    Args:
        file: A name for its file.
        goal: What its changes are for; may be empty.
        because: A reason and its rule for each change.
        texts: The round before and this one; without one before, the whole text is shown.
    """
    before, after = texts
    aim = f", to {goal}" if goal else ""
    head = Markup("<p>Next round{}: <code>{}</code></p>").format(aim, file)
    lines = [
        Markup("<li>{} <small>{}</small></li>").format(rich_code(text), rule)
        for text, rule in dict(because).items()
    ]
    reasons = Markup("<ul>{}</ul>").format(Markup("").join(lines)) if lines else Markup("")
    text = diff(before, after) if before else code(after)
    return readable(f"<div>{head}{reasons}{text}</div>")


def progress_bar(ended: int, infeasible: int, planned: int) -> Markup:
    """A bar of what has ended; its end stands for the infeasible, in red."""
    share = 100 / max(planned, 1)
    parts = [(ended - infeasible, "#2f80d0"), (infeasible, "#dd4f2c")]
    inner = "".join(
        f'<span style="display:inline-block;height:100%;width:{count * share:.1f}%;'
        f'background:{color}"></span>'
        for count, color in parts
        if count > 0
    )
    box = "display:inline-block;width:12em;height:.7em;background:#80808040;white-space:nowrap"
    return Markup(f'<span style="{box};line-height:0;font-size:1em">{inner}</span>')


def code(text: str) -> Markup:
    """A text as it stands in a file."""
    lines = _shortened(readable(text).splitlines())
    return Markup(f'<pre style="{_PRE}">{{}}</pre>').format("\n".join(lines))


def diff(before: str, after: str) -> Markup:
    """The lines that two texts do not share, with two lines around each."""
    lines = list(
        difflib.unified_diff(
            readable(before).splitlines(), readable(after).splitlines(), lineterm="", n=2
        )
    )
    return Markup(f'<pre style="{_PRE}">{{}}</pre>').format(
        Markup("\n").join(_diff_line(line) for line in _shortened(lines[2:]))
    )


def _diff_line(line: str) -> Markup:
    if line.startswith("@@"):
        return Markup("<small>{}</small>").format(line)
    style = {"+": _ADDED, "-": _REMOVED}.get(line[:1])
    return Markup(f'<span style="{style}">{{}}</span>' if style else "{}").format(line)


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - _MAX_LINES
    return lines if more <= 0 else [*lines[:_MAX_LINES], f"... and {more:,} more lines."]
