"""The site of docs/ is whole: links, the commands and options that it names, public names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
import typer
from docs.site import gallery
from docs.site.build import build, navigation

import etude
from etude.cli.app import app

ROOT = Path(__file__).parents[1]
GROUP: Any = typer.main.get_command(app)
# A command as a page names it: in a fence or between backticks, its options behind it.
TYPED = re.compile(r"(?<![\w./-])etude ([a-z]+(?:-[a-z]+)*)\b([^\n`|;#]*)")
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")
# The words of a sentence that `etude` stands in, and of names: no commands.
PROSE = {"has", "is", "says", "sees", "puts", "in"}

# Terms of ours in messages, and of the field where we mean something narrower.
WORDS = (
    *("Acknowledge", "Adopt", "Baseline", "Better", "Bound", "Breaks", "Caveat", "Chance", "Check"),
    *("Cliff", "Experiment", "Feasible", "Finding", "Fixed", "Infeasible", "Late jumps", "Launch"),
    *("Leads", "Luck of the search", "Merged", "Never learned", "Nuisance", "Parent", "Procedure"),
    *("Quasi-random", "Rehearsal", "Retraining", "Round", "Rule", "Rung", "Sampling error"),
    *("Schedule", "Scientific", "Setting", "Stack", "Starting point", "Step", "Stopped", "Store"),
    *("Study", "Trial", "Unclear", "Useful trials", "Verdict", "Wall", "Workload"),
)


class Page(NamedTuple):
    """What a built page names: its anchors, where its links lead, and what it loads."""

    anchors: set[str]
    links: list[str]
    loaded: list[str]


class Reader(HTMLParser):
    """Reads a page for its anchors, its links and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page(set(), [], [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what an element names."""
        given = {name: value or "" for name, value in attrs}
        self.page.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        if "src" in given:
            self.page.loaded.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "preload", "preconnect"):
            self.page.loaded.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site; skips where the generator is not installed."""
    if find_spec("zensical") is None:
        pytest.skip("zensical is not installed: pip install -c constraints.txt '.[docs]'")
    return build(tmp_path_factory.mktemp("site") / "built")


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Page]:
    """Each built page, by its path."""
    return {path: read(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}


def read(path: Path) -> Page:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page


def lost(built: dict[Path, Page], site: Path) -> Iterator[str]:
    """Links that lead to no file of the site, or to no anchor of a page."""
    for path, page in built.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            is_anchored = target in built and parts.fragment
            if not target.exists() or (
                is_anchored and unquote(parts.fragment) not in built[target].anchors
            ):
                yield f"{path.relative_to(site)}: {link}"


def documents() -> list[Path]:
    """The pages as they are written; what a log of changes says may be of the past."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
    return sorted([*found, *ROOT.glob("examples/**/*.md")])


def unknown(path: Path) -> Iterator[str]:
    """Commands and options that a page names and the program has not."""
    for command, rest in TYPED.findall(path.read_text(encoding="utf-8")):
        if command in PROSE:
            continue
        if command not in GROUP.commands:
            yield f"{path.relative_to(ROOT)}: etude {command}"
            continue
        known = {option for given in GROUP.commands[command].params for option in given.opts}
        for option in set(OPTION.findall(rest)) - known - {"--help"}:
            yield f"{path.relative_to(ROOT)}: etude {command} {option}"


def test_every_link_of_the_site_leads_somewhere(built: dict[Path, Page], site: Path) -> None:
    assert sorted(set(lost(built, site))) == []


def test_the_site_loads_nothing_of_others(built: dict[Path, Page]) -> None:
    foreign = {one for page in built.values() for one in page.loaded if urlsplit(one).netloc}

    assert foreign == set()


def test_every_page_of_the_docs_is_in_the_navigation() -> None:
    docs = ROOT / "docs"

    pages = {path.relative_to(docs).as_posix() for path in docs.glob("**/*.md")}

    assert navigation(docs) == pages | {"index.md", "reference.md"}


def test_every_public_name_has_its_docstring_on_the_site(site: Path) -> None:
    text = (site / "reference.html").read_text(encoding="utf-8")

    assert [name for name in etude.__all__ if f'id="etude{name.lower()}"' not in text] == []
    assert ":::" not in text


def test_the_pages_name_no_command_and_no_option_that_there_is_not() -> None:
    assert [one for path in documents() for one in unknown(path)] == []


def test_a_report_of_the_gallery_is_of_an_experiment_that_is_run(tmp_path: Path) -> None:
    page = gallery.page("bound", tmp_path)

    assert "How low does the error get?" in page


def test_the_pictures_are_small_and_of_the_gallery() -> None:
    pictures = {path.stem: path.stat().st_size for path in gallery.PICTURES.glob("*.png")}

    assert pictures.keys() == {*gallery.EXPERIMENTS, "demo", "first-hour"}
    assert max(pictures.values()) < gallery.MOST_BYTES


def test_words_of_ours_are_explained() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")

    assert [word for word in WORDS if f"### {word}\n" not in text] == []
