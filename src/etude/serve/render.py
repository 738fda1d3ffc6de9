"""Render: the report of an experiment as the live page serves it, made in a process of its own.

Analysis and charts take ten times the memory of the server. They are loaded here, and are gone with
this process. It writes one line of JSON, then Vega's script, then the page.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ..errors import EtudeError
from ..finding import Finding
from ..report.markup import subject_text
from ..round.result import load
from ..text.signs import line
from .panel import with_panel

_POLICY: Final = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n?')
_DATA: Final = re.compile(r'<script type="application/json" id="[\w-]+">')
# What the footer of a file says, and of a page that is served.
COMPLETE: Final = "This file is complete: it opens without network and loads nothing."
_SERVED: Final = "Served live: <code>etude report</code> makes a file that is complete."
_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# Vega is by far the longest script of a page, and the same in all: browsers load it once.
_LIBRARY_SIZE: Final = 100_000
_NICE: Final = 10
_WORST: Final = ("problem", "unclear", "notice", "ok")


def served(html: str) -> tuple[str, str, list[str]]:
    """A report as it is served, Vega's script, and what else may run in it, as a policy has it.

    Only what stands behind the last data may run, for no name stands there: those in the data have
    no `<`. The page's own policy goes, which lets it load nothing; a header takes its place.
    """
    html = _POLICY.sub("", html, count=1)
    html = html.replace(f"{COMPLETE}</footer>", f"{_SERVED}</footer>", 1)
    data = [match.end() for match in _DATA.finditer(html)]
    assert data, "A page has the data of its charts. This is a bug."
    begin = html.index("</script>", data[-1])
    library, hashes = "", []

    def replaced(match: re.Match[str]) -> str:
        nonlocal library
        text = match[1]
        if len(text) > _LIBRARY_SIZE and not library:
            library = text
            return f'<script src="/vega/{digest(text)}.js"></script>'
        hashes.append(policy_hash(text))
        return match[0]

    scripts = _SCRIPT.sub(replaced, html[begin:])
    return with_panel(html[:begin] + scripts), library, hashes


def digest(text: str) -> str:
    """What an address has of a script: another script has another address."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def policy_hash(script: str) -> str:
    """A script as a Content Security Policy names it."""
    return f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def finding_rows(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Findings as the panel compares them: one row a subject, one a check for single trials."""
    return [*_of_studies(findings), *_of_trials(findings)]


def _of_studies(findings: Sequence[Finding]) -> Iterator[dict[str, str]]:
    for finding in findings:
        if "trial" not in finding.subject:
            about = subject_text(finding)
            yield _row(finding.rule, finding.check, about, finding.status, finding.headline)


def _of_trials(findings: Sequence[Finding]) -> Iterator[dict[str, str]]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for finding in findings:
        if "trial" in finding.subject:
            counts.setdefault((finding.rule, finding.check), Counter())[finding.status] += 1
    for (rule, check), count in counts.items():
        status = next(level for level in _WORST if count[level])
        text = ", ".join(f"{count[level]:,} {level}" for level in _WORST if count[level])
        yield _row(rule, check, "single trials", status, text)


def _row(rule: str, check: str, about: str, status: str, headline: str) -> dict[str, str]:
    return {
        "rule": rule,
        "check": check.replace("_", " "),
        "about": line(about),
        "status": status,
        "headline": line(headline),
    }


def render(store: str, name: str) -> tuple[dict[str, Any], str, str]:
    """What is known of a page, Vega's script, and the page itself.

    Raises:
        EtudeError: for a store that cannot be read, and an experiment that it has not.
    """
    result = load(store, name)
    # For who trains here: a command that is copied has to find its file.
    html, library, hashes = served(result.html(paths=True))
    known = {
        "ended": sum(record.ended for record in result.records),
        "hashes": hashes,
        "findings": finding_rows(result.findings),
        "library": len(library.encode()),
        "digest": digest(library),
    }
    return known, library, html


def main() -> None:
    """Writes a page to the standard output; exits 2 with a sentence where it cannot be made."""
    os.nice(_NICE)  # training comes first
    # What a library prints is no part of the page.
    output, sys.stdout = sys.stdout.buffer, sys.stderr
    try:
        known, library, html = render(*sys.argv[1:3])
    except EtudeError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    output.write(json.dumps(known).encode() + b"\n" + library.encode() + html.encode())


if __name__ == "__main__":
    main()
