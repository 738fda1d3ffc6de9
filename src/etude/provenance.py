"""Where a run comes from: the command, the code and its uncommitted changes."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .launch import Launch

# Everything a trial's values may depend on that a record can name cheaply.
_PACKAGES = ("etude", "numpy", "scipy", "torch", "jax", "transformers", "lightning")
# No source, ours: a diff above this is data, not code; the record stays a record.
_MAX_DIFF_CHARACTERS = 1_000_000


def launch(folder: Path, argv: list[str] | None = None) -> Launch:
    """This launch, for an experiment in `folder`.

    Source: K3.
    """
    return Launch(
        command=shlex.join(_command(sys.argv if argv is None else argv)),
        folder=os.getcwd(),
        process=os.getpid(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_git(folder, "rev-parse", "HEAD").strip(),
        uncommitted=_uncommitted(folder),
        versions={"python": platform.python_version(), **_versions()},
    )


def _command(argv: list[str]) -> list[str]:
    if argv and Path(argv[0]).name in ("etude", "__main__.py"):
        return ["etude", *argv[1:]]
    return ["python", *argv] if argv and argv[0] else ["python"]


def _uncommitted(folder: Path) -> str:
    """The tracked changes as a diff, and the names of files that git does not know yet."""
    diff = _git(folder, "diff", "HEAD")
    if len(diff) > _MAX_DIFF_CHARACTERS:
        diff = f"{diff[:_MAX_DIFF_CHARACTERS]}\n... cut after {_MAX_DIFF_CHARACTERS:,} characters\n"
    unknown = _git(folder, "ls-files", "--others", "--exclude-standard").splitlines()
    return diff + "".join(f"?? {name}\n" for name in unknown)


def _git(folder: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
