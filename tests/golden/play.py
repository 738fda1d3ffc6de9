"""Plays a story and masks what differs from run to run: times, processes, versions, paths."""

from __future__ import annotations

import contextlib
import hashlib
import html
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from tests.golden.stories import Story

import etude.cli

EXPECTED = Path(__file__).parent / "expected"
# So many digits are the same whichever processor adds the numbers up.
DIGITS = 9
MASKS = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(\+\d\d:\d\d|Z| UTC)?", "<time>"),
    (
        r"\d+(\.\d+)?(e-\d+)? (ms|s|min|h)\b(?= (a step|an evaluation|in all|from which)|\.| one)",
        "<duration> ",
    ),
    (r"\babout \d[\d.]* (ms|s|min|h)\b", "about <duration>"),
    (
        r'"(wall_s|process|python|version|etude|platform|host|commit)": ("[^"]*"|[\d.e-]+)',
        r'"\1": "<masked>"',
    ),
    (r'"worker_hours": [\d.e-]+', '"worker_hours": "<masked>"'),
    (r'"[0-9a-f]{8}"', '"<hash>"'),  # a version of the story's code
    (r"\(code [0-9a-f]{8}\)", "(code <hash>)"),
    (r'"seconds": [\d.e-]+', '"seconds": "<masked>"'),
    (r"adds [\d.]+ times the time per step", "adds nothing"),  # a busy machine's
    (r", [\d.]+ times the time per step", ""),
    (r"(?m)^.*\d/\d+ ended, .* trials? left, .*\n", ""),  # told now and then
    (r"0x[0-9a-f]{6,}", "<address>"),
    # The column of rules stands behind the longest reason, which may have a time in it.
    (r"(?m) {3,}(?=[A-Z]\d+(, [A-Z]\d+)*( \+\d+)?$)", "  "),
)


def transcript(story: Story, folder: Path) -> str:
    """All that its commands print, in order, and the files that they write, masked."""
    for name, text in story.files().items():
        (folder / name).write_text(text, encoding="utf-8")
    story.prepare(folder)
    with _inside(folder):
        parts = [_typed(command.format(name=story.name)) for command in story.commands]
        parts += [_file(path) for path in sorted(folder.glob("*.toml")) if _is_new(path, story)]
    return masked("\n".join(parts), folder)


def masked(text: str, folder: Path) -> str:
    """The text without what no two runs share."""
    # A page for others tells the last name of a folder alone.
    text = text.replace(str(folder), "<folder>").replace(f".../{folder.name}", "<folder>")
    text = text.replace(sys.executable, "<python>")
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text)
    return text


def rounded(text: str) -> str:
    """The text with its long numbers cut, so that another processor's last bits do not count."""
    return re.sub(
        r"(?<![\w.])-?\d+\.\d{6,}(e[-+]?\d+)?",
        lambda found: f"{float(found[0]):.{DIGITS}g}",
        text,
    )


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """This folder as the working directory, and the process as it was when left."""
    before, path, modules = Path.cwd(), list(sys.path), set(sys.modules)
    kept = {name: os.environ.pop(name, None) for name in ("ETUDE_STORE", "COLUMNS")}
    os.environ["COLUMNS"] = "100"
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        del os.environ["COLUMNS"]
        os.environ.update({name: value for name, value in kept.items() if value is not None})
        for name in set(sys.modules) - modules:
            if not name.startswith(("etude", "tests")) and "train" in name:
                del sys.modules[name]


def _typed(command: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    argv, sys.argv = sys.argv, ["etude", *command.split()]
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            etude.cli.main()
    except SystemExit as left:
        code = int(left.code or 0)
    finally:
        sys.argv = argv
    said = out.getvalue()
    if "--json" in command and code == 0:
        said = _lines(json.loads(said))
    if command.startswith("report") and code == 0:
        said += _page(Path(command.split()[-1]).read_text(encoding="utf-8"))
    return f"$ etude {command}\n{said}{err.getvalue()}exit {code}\n"


def _lines(value: object, key: str = "") -> str:
    """JSON with one line for each element of a list, so that a difference is one line."""
    if isinstance(value, dict) and (not key or any(map(_is_list, value.values()))):
        return "".join(_lines(one, f"{key}.{name}") for name, one in value.items())
    if _is_list(value):
        return "".join(_lines(one, f"{key}[{at}]") for at, one in enumerate(value))
    return f"{key} {json.dumps(value)}\n"


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _page(page: str) -> str:
    """A page's words, and the sum of each chart's data."""
    data, trials = re.findall(
        r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL
    )
    bare = re.sub(r"<(script|style|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
    # The words of a command stand in elements of their own, with a blank between them.
    bare = re.sub(r"</span> <span>", " ", bare)
    words = html.unescape(re.sub(r"<[^>]+>", "\n", bare))
    lines = [" ".join(line.split()) for line in words.splitlines()]
    sums = [f"chart {name} {_sum(json.dumps(one))}" for name, one in json.loads(data).items()]
    sums.append(f"trials {_sum(trials)}")
    return "\n".join([line for line in lines if line] + sums) + "\n"


def _sum(text: str) -> str:
    return hashlib.sha256(rounded(text).encode()).hexdigest()[:16]


def _file(path: Path) -> str:
    return f"--- {path.name}\n{path.read_text(encoding='utf-8')}"


def _is_new(path: Path, story: Story) -> bool:
    return path.name not in story.files()
