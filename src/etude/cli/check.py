"""`etude check`: what every check says, problems first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, NameArgument, StoreOption

if TYPE_CHECKING:
    from ..finding import Finding, Verdict

_ORDER = ("problem", "unclear", "notice", "ok")


def check(
    name: NameArgument = None,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 where there is a problem.")
    ] = False,  # a flag of the command line
) -> None:
    """Check the evidence of an experiment, and say what it allows to conclude."""
    from ..analyze.checklist import NOT_CHECKED
    from ..finding import to_json
    from .messages import print_json, verdict_lines, wrapped
    from .opened import opened

    with opened(name, store) as result:
        findings = result.findings
        if json:
            print_json(
                {
                    "experiment": result.experiment.name,
                    "verdict": _as_json(result.verdict),
                    "findings": [to_json(finding) for finding in findings],
                }
            )
        else:
            _print(findings)
            for line in ["", *verdict_lines(result.verdict)]:
                typer.echo(line)
            listed = ", ".join(f"{what} ({rule})" for rule, what in NOT_CHECKED.items())
            typer.echo("")
            typer.echo(wrapped(f"Not checked by this version, look for yourself: {listed}."))
    if strict and any(finding.status == "problem" for finding in findings):
        raise typer.Exit(1)


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "winner": verdict.winner,
        "message": verdict.message,
        "doubts": verdict.doubts,
    }


def _print(findings: list[Finding]) -> None:
    from ..finding import grouped
    from .messages import counted, finding_lines
    from .open_questions import short

    told = [group for group in grouped(findings) if group.first.status != "ok"]
    told.sort(key=lambda one: _ORDER.index(one.first.status))
    for first, message in short(told):
        for line in finding_lines(first, message=message):
            typer.echo(line)
    passed = [finding for finding in findings if finding.status == "ok"]
    names = sorted({f"{finding.check} ({finding.rule})" for finding in passed})
    if passed:
        typer.echo(f"ok: {counted(len(passed), 'finding')} of {', '.join(names)}.")
