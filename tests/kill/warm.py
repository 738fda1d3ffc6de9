"""A process that has imported everything, and forks for each command that is typed.

A command costs a tenth of a start of Python so. What it does is the same: the fork has a session,
a folder, an environment and streams of its own, and workers are started anew. Orders come as
lines of JSON, and so do answers.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any


def main() -> None:
    """Answers orders until the line is closed."""
    for line in sys.stdin:
        order = json.loads(line)
        for name in order.get("load", ()):
            with suppress(Exception):
                importlib.import_module(name)
        if "command" not in order:
            answer(loaded=len(sys.modules))
            continue
        process = os.fork()
        if not process:
            perform(order)
        answer(process=process)
        status = os.waitpid(process, 0)[1]
        answer(code=os.waitstatus_to_exitcode(status))


def answer(**said: int) -> None:
    """One line."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def perform(order: dict[str, Any]) -> None:
    """The command, in the process that was forked for it: it ends there."""
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    tempfile.tempdir = None
    files = [
        os.open(os.devnull, os.O_RDONLY),
        os.open(order["says"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666),
    ]
    for stream, file in zip((0, 1, 2), (files[0], files[1], files[1]), strict=True):
        os.dup2(file, stream)
    known = set(sys.modules)
    importlib.import_module("sitecustomize").arm()  # the hook, first on the path
    try:
        _type(order["command"])
    finally:
        Path(order["says"] + ".modules").write_text(
            "\n".join(sorted(set(sys.modules) - known)), encoding="utf-8"
        )
    sys.exit()


def _type(command: list[str]) -> None:
    program, *words = command
    if program == "etude":
        sys.path[0] = os.getcwd()
        main = importlib.import_module("etude.cli").main
        sys.argv = [str(Path(sys.modules["etude"].__file__ or "") / "__main__.py"), *words]
        main()
        return
    sys.path[0] = str(Path(program).parent.absolute())
    sys.argv = command
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
