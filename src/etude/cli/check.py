"""`etude check`: why not yet, what is wrong, what could not be judged, what is good to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import quantity, sentence_case
from .options import JsonOption, MaximizeOption, MetricOption, NameArgument, StoreOption

if TYPE_CHECKING:
    from ..advise.ending import Ending
    from ..finding import Finding
    from ..round.result import Result

_ORDER = ("problem", "unclear", "notice", "ok")
_TITLES = {
    "problem": "Problems of other trials",
    "unclear": "Could not be judged",
    "notice": "Good to know",
}
# The form of what is said: a person reads no more of one command.
MOST_LINES = 30


def check(  # noqa: PLR0913  # one parameter an option is Typer's way
    name: NameArgument = None,
    *,
    store: StoreOption = None,
    metric: MetricOption = None,
    maximize: MaximizeOption = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every finding in full, with its advice.")
    ] = False,  # a flag of the command line
    json: JsonOption = False,  # a flag of the command line
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 where there is a problem.")
    ] = False,  # a flag of the command line
) -> None:
    """Check the evidence of an experiment, and say what it allows to conclude."""
    from .measurements import outdated_measurement
    from .options import Judge, stored_result
    from .output import Answer, finding_lines, judged_lines, show, store_option

    judge = Judge(metric, maximize)
    with stored_result(name, store, judge) as result:
        source = Path(result.entry.source) if result.entry.source else None
        measured = outdated_measurement(result.experiment, store, source)
        findings = result.findings
        ending = result.ending(store_option(store), judge.option)
        short = partial(short_lines, ending, findings)
        lines = partial(_all_lines, result) if everything else short
        first = judged_lines(result)
        last = [line for finding in measured for line in finding_lines(finding)]
        answer = Answer(
            lines=lambda: chain(first, lines(), last), json=partial(_as_json, result, measured)
        )
        show(answer, json=json)
    if strict and any(finding.status == "problem" for finding in findings):
        raise typer.Exit(1)


def _as_json(result: Result, measured: Sequence[Finding] = ()) -> dict[str, Any]:
    from ..finding import to_json

    verdict = result.verdict
    return {
        "experiment": result.experiment.name,
        "metric": result.experiment.metric,
        "maximize": result.experiment.maximize,
        "verdict": {
            "status": verdict.status,
            "winner": verdict.winner,
            "headline": result.ending().line,
            "message": verdict.message,
            "doubts": verdict.doubts,
            "failed_checks": [_named(one) for one in verdict.blocking],
        },
        "findings": [to_json(finding) for finding in (*result.findings, *measured)],
    }


def _named(finding: Finding) -> dict[str, Any]:
    """Which finding it is, of those below."""
    return {"check": finding.check, "rule": finding.rule, "subject": dict(finding.subject)}


def short_lines(ending: Ending, findings: Sequence[Finding]) -> Iterator[str]:
    """The ending with every reason, and a line for each thing that was found."""
    from .output import best_lines, headline, step_lines, table_part

    first = [headline(ending), *table_part(ending), *best_lines(ending)]
    last = [*_last_lines(findings, ending.more), *step_lines(ending)]
    yield from first
    yield from _section_lines(ending, room=MOST_LINES - len(first) - len(last))
    yield from last


def _section_lines(ending: Ending, *, room: int) -> Iterator[str]:
    """The reasons and the lines of findings under their titles, as many as there is room for."""
    from .output import ruled_lines

    reasons = [(reason.text, reason.rules) for reason in ending.reasons]
    sections = {ending.why: reasons}
    for status, title in _TITLES.items():
        sections[title] = [(one.text, one.rules) for one in ending.lines if one.status == status]
    sections = {title: lines for title, lines in sections.items() if lines}
    shares = line_shares([len(lines) for lines in sections.values()], room - len(sections))
    left_out = sum(map(len, sections.values())) - sum(shares)
    for (title, lines), share in zip(sections.items(), shares, strict=True):
        yield f"{title}:"
        yield from ruled_lines(lines[:share])
    if left_out:
        yield f"  {left_out} more: {ending.more} --all"


def line_shares(wanted: Sequence[int], room: int) -> list[int]:
    """How many lines each section has: alike, as far as they want them, a line left for the rest.

    >>> line_shares([8, 5, 2, 9], 17), line_shares([1, 2], 9)
    ([5, 5, 2, 4], [1, 2])
    """
    if sum(wanted) <= room:
        return list(wanted)
    shares = [0] * len(wanted)
    for _ in range(max(room - 1, len(wanted))):
        open_ones = [at for at, count in enumerate(wanted) if shares[at] < count]
        shares[min(open_ones, key=lambda at: shares[at])] += 1
    return shares


def _last_lines(findings: Sequence[Finding], more: str) -> Iterator[str]:
    """How many findings are ok, and what was never logged."""
    from ..advise.digest import unlogged
    from ..finding import UNASKED
    from ..wording import conjunction

    passed = [finding for finding in findings if finding.status == "ok"]
    undeclared = any(one.check == "chance" and one.kind == UNASKED for one in findings)
    if passed:
        checks = quantity(len({finding.check for finding in passed}), "check")
        of = f"{checks}, `chance` not declared (S11)" if undeclared else checks
        yield f"In order: {quantity(len(passed), 'finding')} of {of}; in full: {more} --all"
    if metrics := unlogged(findings):
        names = conjunction([f"`{metric}`" for metric in metrics])
        yield f"To see more next time: log {names}"


# --- everything


def _all_lines(result: Result) -> Iterator[str]:
    """Every finding with its advice, the worst first; the verdict with every doubt."""
    from ..analyze.registry import not_checked
    from ..finding import grouped
    from .output import finding_lines, headline, paragraph

    groups = [group for group in grouped(result.findings) if group.first.status != "ok"]
    groups.sort(key=lambda group: _ORDER.index(group.first.status))
    for group in groups:
        yield from finding_lines(group.first, message=group.message)
    passed = [finding for finding in result.findings if finding.status == "ok"]
    names = sorted({f"{finding.check} ({finding.rule})" for finding in passed})
    if passed:
        yield paragraph(f"ok: {quantity(len(passed), 'finding')} of {', '.join(names)}.")
    ending = result.ending()
    yield from ["", headline(ending), paragraph(result.verdict.message), "", f"{ending.why}:"]
    for caveat in result.verdict.caveats:
        text = sentence_case(caveat.detail or caveat.text)
        yield paragraph(f"{text} ({', '.join(caveat.rules)})", indent="  - ", hanging="    ")
    unseen = not_checked(result.findings)
    subjects = ", ".join(f"{subject} ({rule})" for rule, subject in unseen.items())
    yield ""
    yield paragraph(f"Not checked by this version, look for yourself: {subjects}.")
