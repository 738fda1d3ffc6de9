"""Writes down what is said as it is now: `python -m tests.golden.record [STORY | ENDING ...]`."""

from __future__ import annotations

import platform
import sys
import tempfile
from pathlib import Path

from tests.golden.endings import ENDINGS, EXPERIMENTS, GOLDEN, path_of
from tests.golden.play import EXPECTED, rounded, transcript
from tests.golden.stories import STORIES


def main(names: list[str]) -> None:
    """Plays these stories and experiments, or all, and keeps what they print."""
    EXPECTED.mkdir(exist_ok=True)
    ENDINGS.mkdir(exist_ok=True)
    (EXPECTED / "machine").write_text(f"{platform.machine()}\n")
    for name in [one for one in STORIES if one in (names or STORIES)]:
        with tempfile.TemporaryDirectory() as folder:
            text = transcript(STORIES[name], Path(folder).resolve())
        (EXPECTED / f"{name}.txt").write_text(rounded(text), encoding="utf-8")
        sys.stdout.write(f"{name}: {len(text):,} characters\n")
    for name in [one for one in GOLDEN if one in (names or GOLDEN)]:
        text = EXPERIMENTS[name]().text()
        path_of(name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"the ending of {name}: {len(text):,} characters\n")


if __name__ == "__main__":
    main(sys.argv[1:])
