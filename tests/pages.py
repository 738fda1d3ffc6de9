"""Pages that show what is printed: their commands are typed again, and compared with the page.

A block of `console` has commands after `$` and what they print; blocks with a `title` are files,
written in their place, and a `diff` with one changes the file of that name.
`python -m tests.pages [PAGE ...]` writes down what is printed now.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import arithmetic

arithmetic.settle()

import etude.cli  # noqa: E402  # it loads what reads that

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BLOCK = re.compile(
    r"(?:<!-- lines: (?P<limit>\d+) -->\n)?"
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
# Where a person works: what stands on a page for the folder that the commands are typed in.
HOME = "~/studies"
NUMBER = re.compile(r"-?\d[\d,]*(\.\d+)?(e-?\d+)?")
# What differs from run to run, but for numbers: a unit of time, and how a column is filled up.
UNIT = re.compile(r"# (ms|s|min|h)\b")
SPACES = re.compile(r" {2,}")
# How many trials train together is the machine's.
AT_ONCE = re.compile(r", (\d+ at once|one at a time)(?=\.)")
# Told now and then while trials are trained.
PROGRESS = re.compile(r"(?m)^.*\d/\d+ ended, .* trials? left\b.*\n")
CODE = re.compile(r"\b(code|version) [0-9a-f]{8}\b")
WHEN = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00")


def pages() -> list[str]:
    """The pages with commands and what they print."""
    found = sorted(DOCS.glob("*.md"))
    return [page.name for page in found if "```console\n" in page.read_text(encoding="utf-8")]


def played(page: str, folder: Path, *, runner: str = "") -> str:
    """The page as it reads with what its commands print now, typed one after the other.

    With a runner, `etude run` trains by it: `inline` starts no workers, which is quicker.
    """
    text = (DOCS / page).read_text(encoding="utf-8")
    with _inside(folder):
        return BLOCK.sub(lambda block: _block(block, folder, runner), text)


def bare(text: str) -> str:
    """A page without what no two machines share: numbers, times, and how wide a column is."""
    text = NUMBER.sub("#", AT_ONCE.sub("", CODE.sub("code #", WHEN.sub("#", text))))
    return SPACES.sub("  ", UNIT.sub("# s", text))


def differences(written: str, now: str) -> list[str]:
    """The lines in which two readings of a page differ, but for what no two machines share."""
    lines = difflib.unified_diff(
        bare(written).splitlines(), bare(now).splitlines(), lineterm="", n=0
    )
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def changed(text: str, diff: str) -> str:
    """The text after a block of differences, whose lines come in their order."""
    lines, at = text.splitlines(), 0
    for line in diff.splitlines():
        mark, content = line[:1], line[1:]
        if mark == "+":
            lines.insert(at, content)
            at += 1
            continue
        at = lines.index(content, at)
        if mark == "-":
            del lines[at]
        else:
            at += 1
    return "\n".join(lines) + "\n"


def _block(block: re.Match[str], folder: Path, runner: str) -> str:
    """A block as it reads now; a file's is written."""
    if block["title"]:
        path = Path(block["title"])
        path.parent.mkdir(parents=True, exist_ok=True)
        is_diff = block["language"] == "diff"
        path.write_text(changed(path.read_text(), block["text"]) if is_diff else block["text"])
    if block["language"] != "console":
        return block[0]
    commands = [line[2:] for line in block["text"].splitlines() if line.startswith("$ ")]
    limit = int(block["limit"] or 0)
    shown = {command: _shown(_trained_by(runner, command), folder, limit) for command in commands}
    said = "".join(f"$ {command}\n{lines}\n" for command, lines in shown.items())
    lead = f"<!-- lines: {limit} -->\n" if limit else ""
    return f"{lead}```console\n{said.rstrip()}\n```"


def _trained_by(runner: str, command: str) -> str:
    head, mark, rest = command.partition(";")
    is_run = runner and head.startswith("etude run ")
    return f"{head} --runner {runner}{mark}{rest}" if is_run else command


def _shown(command: str, folder: Path, limit: int) -> str:
    said = PROGRESS.sub("", _typed(command)).replace(str(folder), HOME).strip("\n")
    lines = [line.rstrip() for line in said.splitlines()]
    if limit and len(lines) > limit:
        lines = [*lines[:limit], "...", *(lines[-1:] if "echo $?" in command else [])]
    return "".join(f"{line}\n" for line in lines)


def _typed(line: str) -> str:
    """What a command prints; `; echo $?` after it adds its exit code."""
    command, _, rest = line.partition(";")
    command, _, file = command.partition(" > ")
    if file:
        printed, _, last = _typed(f"{command}; echo $?").rstrip().rpartition("\n")
        Path(file.strip()).write_text(printed)
        return f"{last}\n" if rest else ""
    words = shlex.split(command, comments=True)
    if "=" in words[0]:  # a variable of the environment, of this command alone
        name, _, value = words[0].partition("=")
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv(name, value)
            return _typed(line.partition(" ")[2])
    if words[0] == "cd":
        os.chdir(words[1])
        return ""
    if words[0] == "etude":
        said, code = _etude(words)
    else:
        program = [sys.executable if words[0] == "python" else words[0], *words[1:]]
        done = subprocess.run(program, capture_output=True, text=True)
        said, code = done.stdout + done.stderr, done.returncode
    if "echo $?" in rest:
        return f"{said}{code}\n"
    if code:
        raise RuntimeError(f"`{command}` ended with {code}:\n{said}")
    return said


def _etude(words: list[str]) -> tuple[str, int]:
    """What a command of Etude prints, typed in this process, and its exit code."""
    out = io.StringIO()
    argv, sys.argv = sys.argv, words
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            etude.cli.main()
    except SystemExit as left:
        return out.getvalue(), int(left.code or 0)
    finally:
        sys.argv = argv
    return out.getvalue(), 0


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """This folder as the working directory, and the process as it was when left."""
    before, path, modules = Path.cwd(), list(sys.path), set(sys.modules)
    names = {"ETUDE_STORE": None, "COLUMNS": "100", "OMP_NUM_THREADS": "1"}
    held = {name: os.environ.pop(name, None) for name in names}
    os.environ.update({name: value for name, value in names.items() if value is not None})
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        for name in names:
            os.environ.pop(name, None)
        os.environ.update({name: value for name, value in held.items() if value is not None})
        for name in set(sys.modules) - modules:  # scripts of this page, which others have too
            if str(folder) in (getattr(sys.modules[name], "__file__", None) or ""):
                del sys.modules[name]


def main(names: list[str]) -> None:
    """Plays these pages, or all, and writes down what is printed now."""
    for name in names or pages():
        with tempfile.TemporaryDirectory() as folder:
            text = played(name, Path(folder).resolve())
        (DOCS / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}: {len(text):,} characters\n")


if __name__ == "__main__":
    main(sys.argv[1:])
