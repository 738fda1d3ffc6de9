"""One checkout's side of `house.py`: `PACKAGE check|next|report`; the last line is JSON.

Types one command over `etude.db` in this folder and counts calls of `loads`, which makes an
experiment of its text, of `outcomes`, and of every charted check: a function of `analyze` that has
the name of its file, and a chart of the same name, but for what only a chart shows.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import etude.cli

COMMANDS = {
    "check": ["check", "optimizer"],
    "next": ["next", "optimizer", "-o", "next.toml"],
    "report": ["report", "optimizer", "-o", "report.html"],
}
# Summaries, one for each hyperparameter or page: no checks.
SUMMARIES = {"axis", "curves", "comparison", "isolation", "lineage"}


def main(package: Path, command: str) -> None:
    calls: Counter[str] = Counter()
    inside = f"{package}/"
    charted = {path.stem for path in (package / "plot").glob("*.py")} - SUMMARIES

    def count(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(inside):
            return
        name, place = code.co_name, Path(code.co_filename).relative_to(package)
        is_check = place.parts[0] == "analyze" and name == place.stem and name in charted
        # Not the method of the same name, which hands out what was computed.
        is_computed = name == "outcomes" and place.stem in ("outcome", "outcomes")
        if name == "loads" or is_computed or is_check:
            calls[name] += 1

    sys.argv = ["etude", *COMMANDS[command]]
    sys.setprofile(count)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            etude.cli.main()
    except SystemExit as end:
        if end.code:
            raise
    finally:
        sys.setprofile(None)
    print(json.dumps(calls))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
