"""Access: who may look. Everything passes here first: foreign names, foreign pages, the token.

The token is in the address that is printed. It is exchanged at once for a cookie that no script and
no other site can use, and taken out of the address. The cookie's value is a key that stands beside
the store, readable by its owner: so a server that was started anew knows its browsers.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, final
from urllib.parse import parse_qs

from markupsafe import Markup
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..disk.file import write_whole
from ..disk.rights import PRIVATE, set_mode
from .panel import plain_page

_TOKEN_BYTES: Final = 32
# A bookmark opens for so long; then the address with the token is needed again.
_COOKIE_S: Final = 30 * 24 * 3600
# Where a refusal has its looks from: nothing of a store is in it.
_OPEN_PATH: Final = "/live.css"
_LOCAL_NAMES: Final = frozenset({"localhost"})
_KEY: Final = re.compile(r"[\w-]{40,100}")
# Sent with every answer. A policy for pages with charts is the page's own.
_HEADERS: Final[Mapping[str, str]] = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
_NO_TOKEN: Final = Markup(
    "<p>This page shows what is in a store, to whoever has its address with the token.</p>"
    "<p>Open the address that <code>etude serve</code> printed last, "
    'or <a href="/">try again</a> if you came here from another page.</p>'
)
_ONWARD: Final = Markup('<p><a href="/">To the live page</a></p>')


def new_token() -> str:
    """Random, and safe in an address."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def stored_key(path: Path) -> str:
    """The key beside a store, made where there is none; a new one where it cannot be kept there."""
    with suppress(OSError, UnicodeDecodeError):
        known = path.read_text(encoding="ascii").strip()
        if _KEY.fullmatch(known) and _is_private(path):
            return known
    key = new_token()
    with suppress(OSError):
        write_whole(path, "")  # private before the key is in it
        set_mode(path, PRIVATE)
        write_whole(path, f"{key}\n")
    return key


def _is_private(path: Path) -> bool:
    """Whether nobody else can have read or written the key."""
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


@final
class Access:
    """Lets through who has the cookie, and came from no foreign page.

    Args:
        app: What is behind.
        host: What the server listens on.
        port: Where.
        token: Of the address.
        key: Of the cookie.
    """

    def __init__(self, app: ASGIApp, *, host: str, port: int, token: str, key: str) -> None:
        """Takes what it protects, and what opens it."""
        self._app, self._token, self._key = app, token, key
        self._is_local = is_loopback(host)
        self._names = _LOCAL_NAMES if self._is_local else _own_names(host)
        # Cookies know no port: several servers of one machine are told apart by the name.
        self.cookie = f"etude_{port}_{sha256(key.encode()).hexdigest()[:8]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers itself, or lets the request pass."""
        if scope["type"] != "http":
            return
        answer = self._answer(scope) or self._app
        await answer(scope, receive, _with_headers(send))

    def _answer(self, scope: Scope) -> ASGIApp | None:
        """What is answered in place of the page; None for a request that may pass."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_own(host):
            return _refused(421, "This server has another name.")
        if (origin := headers.get("origin")) is not None and origin != f"http://{host}":
            return _refused(403, "Another site asked for this.")
        tokens = parse_qs(scope["query_string"].decode("latin-1")).get("open", [])
        if scope["path"] == "/" and tokens:
            return self._exchanged(tokens, headers)
        if _is_foreign(headers):
            return _refused(403, "Another site asked for this.")
        if scope["path"] != _OPEN_PATH and not self._has_cookie(headers):
            return _refused(403, "This page needs its token.")
        return None

    def _is_own(self, host: str) -> bool:
        """Whether a Host header names this server: a name of others may lead here all the same.

        An address cannot be bent to lead elsewhere, a name can.
        """
        name, known = _host_name(host)
        if not known:
            return False
        with suppress(ValueError):
            address = ipaddress.ip_address(name)
            return address.is_loopback or not self._is_local
        return name in self._names

    def _exchanged(self, tokens: list[str], headers: Headers) -> ASGIApp:
        # Its cookie lets in who comes by the address of an earlier start.
        is_known = self._has_cookie(headers)
        if not is_known and (len(tokens) != 1 or not _same(tokens[0], self._token)):
            return _refused(403, "This token is not the server's.")
        answer: Response = RedirectResponse("/", status_code=303)
        if _is_foreign(headers):
            # As a link in a web terminal: where a redirect leads is still asked for by that site,
            # and gets no cookie. What this page leads to is asked for by this page.
            page = plain_page("This browser is let in", _ONWARD)
            answer = HTMLResponse(page, headers={"Refresh": "0; url=/"})
        answer.set_cookie(
            self.cookie, self._key, max_age=_COOKIE_S, path="/", httponly=True, samesite="strict"
        )
        return answer

    def _has_cookie(self, headers: Headers) -> bool:
        pairs = [
            pair.partition("=") for line in headers.getlist("cookie") for pair in line.split(";")
        ]
        given = [value for name, _, value in pairs if name.strip() == self.cookie]
        return any(_same(value.strip(), self._key) for value in given)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    if host in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own_names(host: str) -> frozenset[str]:
    names = {host, socket.gethostname(), socket.getfqdn(), *_LOCAL_NAMES}
    return frozenset(name.lower().rstrip(".") for name in names if name)


def _host_name(host: str) -> tuple[str, bool]:
    """The name in a Host header without its port, and whether it is one at all."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::\d{1,5})?", host)
    return ((match[1] or match[2]).lower().rstrip("."), True) if match else ("", False)


def _is_foreign(headers: Headers) -> bool:
    """Whether a browser says that another site asks."""
    return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def _same(given: str, known: str) -> bool:
    """Whether two texts are equal, in a time that says nothing of how far they are."""
    return hmac.compare_digest(given.encode(), known.encode())


def _refused(status: int, title: str) -> Response:
    return HTMLResponse(plain_page(title, _NO_TOKEN), status_code=status)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
