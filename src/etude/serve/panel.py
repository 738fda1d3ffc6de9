"""Panel: where the live panel stands in a page, and the page that has nothing else yet."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from markupsafe import Markup

_HEAD: Final = '<link rel="stylesheet" href="/live.css">\n</head>'
# Its script stands at its side: it is at work while the charts' library is still read.
_PANEL: Final = (
    '<section id="live" class="live" aria-label="Live"></section>\n'
    '<script src="/live.js"></script>\n'
)
_PLACE: Final = b'<section id="live" '
_SHELL: Final = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body class="shell">
<div class="page">
<header class="masthead"><div><strong>{title}</strong></div></header>
<main>
{content}
</main>
</div>
</body>
</html>
""")


def with_panel(html: str) -> str:
    """A page with the panel before its main part, and what fills it."""
    html = html.replace("</head>", _HEAD, 1)
    place = re.search(r"<main\b[^>]*>", html) or re.search(r"(?<=<body>)", html)
    assert place is not None, "A page has a body. This is a bug."
    return f"{html[: place.start()]}{_PANEL}{html[place.start() :]}"


def with_attribute(html: bytes, name: str, value: str) -> bytes:
    """A page whose panel has a `data-` attribute, which its script reads."""
    return html.replace(_PLACE, _PLACE + f'data-{name}="{value}" '.encode(), 1)


def shell(name: str) -> str:
    """The page of an experiment until its report is made for the first time."""
    content = Markup('<p id="waiting" role="status">The report is being made.</p>')
    return with_panel(str(_SHELL.format(title=name, content=content)))


def plain_page(title: str, content: Markup) -> str:
    """A page without a panel: a list, or a refusal."""
    html = str(_SHELL.format(title=title, content=content))
    return html.replace("</head>", _HEAD, 1)


def asset(name: str) -> bytes:
    """A file that stands beside this one."""
    return files(__package__).joinpath(name).read_bytes()
