"""The table of all rules, `docs/rules.md`: what the program does, where, and which tests show it.

python -m tests.rules_table         writes it
python -m tests.rules_table S3      prints all that is known of a rule
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import final

from etude.analyze.registry import CHECKS
from etude.design.checks import CHECKS as DESIGN_CHECKS
from etude.playbook.rules import sentences

from .sources import ROOT, SOURCES, docstrings, lines_of, tree

TABLE = ROOT / "docs" / "rules.md"
# Pages that carry a rule to a reader; the table itself and the changelog carry none.
PAGES = [
    path
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    if path != TABLE and path.name not in ("CHANGELOG.md", "CONTRIBUTING.md")
]
# So many names stand in a cell.
MOST = 3
RULE = re.compile(r"\b[SRCAXTIEKBQDLWN]\d{1,2}\b")
SOURCE = re.compile(r"Source: ((?:[^\n]|\n(?!\s*\n|\s*\"\"\"))*)")
HEAD = """# The rules, each with what is done about it

Every rule of the tuning playbook in our words, what the program does about it, where, who names it
to a person, and which tests would fail without it. Made by `python -m tests.rules_table` from [the
rules](../src/etude/playbook/rules.toml), `Source:` lines, messages, pages and the marks of tests,
and held to them by a test; `python -m tests.rules_table S3` prints all of one. A cell that is empty
is a gap.
"""
SECTIONS = {
    "S": "Starting a project",
    "R": "Rounds: goal, roles, studies",
    "C": "The checklist",
    "A": "Adopting a change",
    "X": "After exploration",
    "T": "How many steps",
    "I": "Input pipeline",
    "E": "Evaluation",
    "K": "Checkpoints and records",
    "B": "Batch norm and several hosts",
    "Q": "Search",
    "D": "Optimization failures",
    "L": "Schedules and update rules",
    "W": "The Hugging Face, Ray Tune and W&B walk-through",
    "N": "Words",
}


@final
@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule with all that carries it."""

    id: str
    sentence: str
    does: str
    sources: tuple[str, ...]
    checks: tuple[str, ...]
    messages: tuple[str, ...]
    pages: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def is_carried(self) -> bool:
        """Whether code carries it, or a test shows it."""
        return bool(self.sources or self.checks or self.messages or self.tests)

    @property
    def is_named(self) -> bool:
        """Whether a message or a page names it to a person."""
        return bool(self.checks or self.messages or self.pages)


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the playbook."""
    sources, messages, tests = _sources(), _messages(), marked_tests()
    checks = {check.name: check.rules for check in CHECKS}
    checks |= {check.name: check.rules for check in DESIGN_CHECKS}
    pages = {page: set(RULE.findall(page.read_text(encoding="utf-8"))) for page in PAGES}
    return tuple(
        Rule(
            id=rule,
            sentence=sentence,
            does=does()[rule],
            sources=tuple(source for source, named in sources.items() if rule in named),
            checks=tuple(name for name, named in checks.items() if rule in named),
            messages=tuple(source for source, named in messages.items() if rule in named),
            pages=tuple(
                page.relative_to(ROOT).as_posix() for page, named in pages.items() if rule in named
            ),
            tests=tuple(name for name, named in tests.items() if rule in named),
        )
        for rule, sentence in sentences().items()
    )


@cache
def does() -> Mapping[str, str]:
    """What the program does about each rule."""
    return tomllib.loads((ROOT / "tests" / "rules.toml").read_text(encoding="utf-8"))


@cache
def marked_tests() -> dict[str, set[str]]:
    """The rules that each test is marked with, `@pytest.mark.rule("S3")`, by its place and name."""
    marked: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        module = ast.parse(text if "mark.rule" in text else "")
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and (named := set(_marks(node))):
                place = path.relative_to(ROOT / "tests").as_posix()
                marked[f"{place}::{node.name}"] = named
    return marked


def _marks(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.rule":
            yield from (ast.literal_eval(argument) for argument in decorator.args)


def _sources() -> dict[str, set[str]]:
    """The rules in the `Source:` lines of each file."""
    found = {}
    for source in SOURCES:
        texts = [ast.literal_eval(node.value) for node in docstrings(source)]
        lines = [line for text in texts for line in SOURCE.findall(text)]
        found[source] = {rule for line in lines for rule in RULE.findall(line)}
    return found


def _messages() -> dict[str, set[str]]:
    """The rules that texts of each file name to a person, docstrings left out."""
    found = {}
    for source in SOURCES:
        silent = {line for node in docstrings(source) for line in lines_of(node)}
        texts = [
            node.value
            for node in ast.walk(tree(source))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.lineno not in silent
        ]
        found[source] = {rule for text in texts for rule in RULE.findall(text)}
    # What a file may say of rules is no message about one.
    return {source: named for source, named in found.items() if source not in _REGISTRIES}


_REGISTRIES = (
    *("analyze/registry.py", "design/checks/__init__.py", "experiment/validation/fields.py"),
    *("playbook/rules.py", "procedure/base.py", "advise/kinds.py"),
)


def page() -> str:
    """The table as a page."""
    every = rules()
    parts = [HEAD]
    for letter, title in SECTIONS.items():
        parts.append(f"## {letter}. {title}\n")
        parts.append("| rule | in our words | what is done | carried by | named by | shown by |")
        parts.append("|---|---|---|---|---|---|")
        parts += [_row(rule) for rule in every if rule.id.startswith(letter)]
        parts.append("")
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    named = [*(f"check `{name}`" for name in rule.checks), *map(_code, rule.messages)]
    pages = [f"[{Path(one).name}](../{one})" for one in rule.pages]
    cells = (
        rule.id,
        rule.sentence,
        rule.does if rule.is_carried else "Not yet.",
        _few(list(map(_code, rule.sources))),
        _few(named) or _few(pages),
        _few([_link(test) for test in rule.tests]),
    )
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    return f"`{text}`"


def _link(test: str) -> str:
    place, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../tests/{place})"


def _few(texts: list[str]) -> str:
    more = f", {len(texts) - MOST} more" if len(texts) > MOST else ""
    return f"{', '.join(texts[:MOST])}{more}"


def _printed(rule: Rule) -> str:
    lines = [f"{rule.id}: {rule.sentence}", rule.does]
    for title in ("sources", "checks", "messages", "pages", "tests"):
        values = getattr(rule, title)
        lines += [f"{title}: {', '.join(values) or 'none'}"]
    return "\n".join(lines)


if __name__ == "__main__":
    if asked := set(sys.argv[1:]):
        print("\n\n".join(_printed(rule) for rule in rules() if rule.id in asked))
    else:
        TABLE.write_text(page(), encoding="utf-8")
