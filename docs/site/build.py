"""Builds the site of docs/ with Zensical, without a network: `python docs/site/build.py`.

The pages are written for the code host: links are relative, and some lead out of docs/, to an
example or a test. So they are first laid out in `build/site-source`, where a file that a page leads
to stands as text beside the pages, and the README is the front page. The page of the reference is
made there, from docstrings. `docs/design/site.md` says why it is done so.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import tomlkit

import etude

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SETTINGS = Path(__file__).with_name("zensical.toml")
# A link or a picture of Markdown: what stands before its target, the target, what follows.
LINK = re.compile(r"(\]\()(?!https?://|mailto:|#)([^)\s#]+)")
FENCE = re.compile(r"^\s*(```|~~~)")
LISTED = re.compile(r"^\s*([-*+]|\d+\.)\s")
# Folders of docs/ whose pages join the navigation by themselves, after their README.
BY_THEMSELVES = ("design", "procedures")


def build(to: Path) -> Path:
    """Lays the pages out under a folder and builds the site there; the folder of its pages.

    Raises:
        RuntimeError: Zensical found something wrong; its own words follow.
    """
    shutil.rmtree(to, ignore_errors=True)
    pages = to / "pages"
    Layout(pages).write()
    (to / "zensical.toml").write_text(tomlkit.dumps(settings(pages)), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=to, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"Zensical did not build the site:\n{done.stdout}{done.stderr}")
    return to / "site"


def settings(pages: Path) -> dict[str, Any]:
    """The settings beside this file, with the pages that join the navigation by themselves."""
    told = tomlkit.parse(SETTINGS.read_text(encoding="utf-8"))
    project: Any = told["project"]
    sections = [section for entry in project["nav"] for section in entry.values()]
    for folder in BY_THEMSELVES:
        (section,) = (one for one in sections if f"{folder}/README.md" in one)
        names = [f"{folder}/{page.name}" for page in sorted((pages / folder).glob("*.md"))]
        section.extend(name for name in names if name not in section)
    python = project["plugins"]["mkdocstrings"]["handlers"]["python"]
    python["paths"] = [str(ROOT / "src")]
    python["options"]["extensions"] = [str(SETTINGS.with_name("doctests.py"))]
    return dict(told)


def navigation(pages: Path) -> set[str]:
    """Every page of the navigation, as a path below docs/."""
    entries: Any = settings(pages)["project"]
    sections = [section for entry in entries["nav"] for section in entry.values()]
    return {
        str(page)
        for section in sections
        for page in ([section] if isinstance(section, str) else section)
    }


def reference() -> str:
    """The page of the public names, each with the place that its docstring is read from."""
    lines = ["# Reference", "", "The public names, from their docstrings; [the list](api.md) has"]
    lines += ["one sentence for each. Whatever does not stand here is private.", ""]
    for name in etude.__all__:
        thing = getattr(etude, name)
        if not hasattr(thing, "__module__"):  # a module of its own
            lines += [f"## etude.{name}", "", f"::: {thing.__name__}", ""]
            continue
        lines += [f"## etude.{name}", "", f"::: {thing.__module__}.{thing.__qualname__}", ""]
    return "\n".join(lines)


class Layout:
    """The pages as the generator reads them, and with them each file that one of them leads to."""

    def __init__(self, pages: Path) -> None:
        """Args: pages: The folder to write into."""
        self.pages = pages
        self._written: set[str] = set()

    def write(self) -> None:
        """Writes all pages, pictures and files."""
        self._page(Path("README.md"))
        for path in sorted(DOCS.rglob("*")):
            inside = path.relative_to(ROOT)
            if path.is_dir() or "site" in inside.parts[1:2]:
                continue
            if path.suffix == ".md":
                self._page(inside)
            else:
                self._copy(path, self.place(inside))
        self._text("reference.md", reference())
        for style in SETTINGS.parent.glob("extra.*"):
            self._copy(style, f"styles/{style.name}")

    def place(self, path: Path) -> str:
        """Where a file of the repository stands among the pages."""
        if path == Path("README.md"):
            return "index.md"
        if path.parts[:1] == ("docs",):
            return posixpath.join(*path.parts[1:])
        if (ROOT / path).is_dir():
            return f"files/{path.as_posix()}/README.md"
        # As text, so that a browser shows it.
        return f"files/{path.as_posix()}" + ("" if path.suffix == ".md" else ".txt")

    def _page(self, path: Path) -> None:
        place = self.place(path)
        if place in self._written:
            return
        self._written.add(place)
        text = (ROOT / path).read_text(encoding="utf-8")
        self._text(place, spaced(LINK.sub(lambda link: self._link(link, path, place), text)))

    def _link(self, link: re.Match[str], page: Path, place: str) -> str:
        """A link as the site has it; the file that it leads to comes along."""
        target = Path(posixpath.normpath(posixpath.join(page.parent.as_posix(), link[2])))
        if not (ROOT / target).exists():
            return link[0]
        there = self.place(target)
        if there not in self._written and not there.startswith("docs/"):
            self._bring(target, there)
        return link[1] + posixpath.relpath(there, posixpath.dirname(place) or ".")

    def _bring(self, path: Path, place: str) -> None:
        source = ROOT / path
        if path.parts[:1] == ("docs",) or path == Path("README.md"):
            return
        if source.is_dir() and not (source / "README.md").exists():
            self._folder(path, place)
        elif source.is_dir():
            self._page(path / "README.md")
        elif path.suffix == ".md":
            self._page(path)
        else:
            self._written.add(place)
            self._copy(source, place)

    def _folder(self, path: Path, place: str) -> None:
        """A page with the files of a folder, which are brought with it."""
        self._written.add(place)
        lines = [f"# {path.as_posix()}", ""]
        for source in sorted((ROOT / path).iterdir()):
            if source.is_file() and source.suffix in (".py", ".toml", ".txt", ".md"):
                there = self.place(path / source.name)
                self._bring(path / source.name, there)
                relative = posixpath.relpath(there, posixpath.dirname(place))
                lines += [f"- [{source.name}]({relative})"]
        self._text(place, "\n".join(lines) + "\n")

    def _text(self, place: str, text: str) -> None:
        path = self.pages / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _copy(self, source: Path, place: str) -> None:
        path = self.pages / place
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)


def spaced(text: str) -> str:
    """Markdown with an empty line before each list and table, which the code host does not need."""
    lines: list[str] = []
    is_code = False
    for line in text.splitlines():
        is_code ^= bool(FENCE.match(line))
        before = lines[-1] if lines else ""
        begins = _begins(line, before, LISTED.match) or _begins(line, before, _is_row)
        if begins and not is_code and before.strip() and not before.startswith(" "):
            lines.append("")
        lines.append(line)
    return "\n".join(lines) + "\n"


def _begins(line: str, before: str, belongs: Any) -> bool:
    return bool(belongs(line)) and not belongs(before)


def _is_row(line: str) -> bool:
    return line.startswith("|")


if __name__ == "__main__":
    print(f"The site: {build(ROOT / 'build' / 'site-source').relative_to(ROOT)}/index.html")
