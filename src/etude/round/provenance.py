"""The provenance of a run: the command, the code and its uncommitted changes."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .. import __version__
from ..experiment.entry import OWN_LOOP, Launch
from ..runner.answers import answer
from ..store.identity import is_database
from ..text.masking import joined, masked_diff, masked_words
from ..text.signs import bounded, storable
from .imported_files import imported_files

# Everything a trial's values may depend on that a record can name cheaply.
_PACKAGES = ("etude", "numpy", "scipy", "torch", "jax", "transformers", "lightning")
# Heuristic: what is above these is data, not code; the record stays a record.
_MAX_DIFF_CHARACTERS = 1_000_000
_MAX_CODE_BYTES = 200_000
_MAX_NAMES = 1000
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # what a first commit differs from
# As `git apply` takes it, whatever a user's configuration says.
_PLAIN_DIFF = ("--no-ext-diff", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")


def launch(folder: Path | None, *, program: Path | None = None, own_loop: bool = False) -> Launch:
    """This launch, as it may be kept: what looks like a password, a token or a key is masked.

    Args:
        folder: The experiment's; None where no code from here bears on values.
        program: The file of the train function, where it has one.
        own_loop: Whether a workload is trained, in Etude's own loop.

    Source: K3.
    """
    return Launch(
        command=command(),
        folder=storable(os.getcwd()),
        process=os.getpid(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_git(folder, "rev-parse", "--verify", "HEAD").strip() if folder else "",
        uncommitted=_uncommitted(folder, program) if folder else "",
        versions={
            "python": platform.python_version(),
            **_versions(),
            **({OWN_LOOP: __version__} if own_loop else {}),
        },
    )


def command() -> str:
    """What was typed, quoted for a shell; what looks like a secret is masked.

    Source: K3.
    """
    return storable(bounded(joined(masked_words(_command(sys.argv, sys.orig_argv)))))


def _command(argv: Sequence[str], typed: Sequence[str]) -> list[str]:
    """What was typed, from `argv` and the same with Python's own options before it."""
    is_script = Path(argv[0]).name == "etude" if argv else False
    if is_script or list(typed[1:3]) in (["-m", "etude"], ["-m", "etude.cli"]):
        return ["etude", *argv[1:]]
    return ["python", *typed[1:]]


def _uncommitted(folder: Path, program: Path | None) -> str:
    """The changes as a diff, new files that the program imports in it; of other new files names."""
    root = _git(folder, "rev-parse", "--show-toplevel").rstrip("\n")
    if not root:
        return ""
    top = Path(root)
    stores = _stores(top)
    exclusions = [f":(exclude,literal){store}" for store in stores]
    base = _git(top, "rev-parse", "--verify", "HEAD").strip() or _EMPTY_TREE
    diff = _git(top, "diff", *_PLAIN_DIFF, base, "--", ".", *exclusions)
    untracked = [
        name
        for name in _files(top, "--others", "--exclude-standard")
        if not any(_belongs_to(name, store) for store in stores) and not _is_compiled(name)
    ]
    listing = []
    code = imported_files(_programs(program), [folder, top])
    for name in untracked:
        is_code = (top / name).resolve() in code and len(diff) < _MAX_DIFF_CHARACTERS
        added = _addition(top, name) if is_code else ""
        diff += added
        listing += [] if added else [f"?? {name}\n"]
    if len(diff) > _MAX_DIFF_CHARACTERS:
        # At the end of a line: half of a secret looks like none.
        whole_lines = diff[:_MAX_DIFF_CHARACTERS].rpartition("\n")[0]
        diff = f"{whole_lines}\n... cut after {len(whole_lines):,} characters\n"
    hidden = len(listing) - _MAX_NAMES
    more = [f"?? ... and {hidden:,} more\n"] if hidden > 0 else []
    return storable(masked_diff(diff) + "".join([*listing[:_MAX_NAMES], *more]))


def _programs(program: Path | None) -> list[Path]:
    """The files to begin with: the train function's, and the script that was started."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    started = [Path(main)] if isinstance(main, str) and Path(main).suffix == ".py" else []
    return [*started, *([program] if program else [])]


def _stores(top: Path) -> set[str]:
    """Stores of Etude in a repository: databases with a lock beside them, `etude.db.NAME.lock`.

    What a run writes is no change of the code.
    """
    locks = _files(top, "--cached", "--others", "--exclude-standard", "--", "*.lock")
    return {name for lock in locks for name in _prefixes(lock) if is_database(top / name)}


def _prefixes(lock: str) -> Iterator[str]:
    parts = lock.split(".")
    for count in range(1, len(parts) - 1):
        yield ".".join(parts[:count])


def _belongs_to(name: str, store: str) -> bool:
    rest = name.removeprefix(store) if name.startswith(store) else "?"
    return (
        rest in ("", "-wal", "-shm", "-journal")
        or rest.startswith((".trials/", ".checkpoints/"))
        or (rest.startswith(".") and rest.endswith(".lock"))
    )


def _is_compiled(name: str) -> bool:
    """Whether Python writes it itself, wherever it imports from."""
    return "__pycache__" in Path(name).parts


def _addition(top: Path, name: str) -> str:
    """A new file as a diff against nothing; empty for what is no code."""
    path = top / name
    try:
        kind = path.lstat()
        if path.is_symlink() or kind.st_size >= _MAX_CODE_BYTES:
            return ""
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    mode = "100755" if kind.st_mode & 0o100 else "100644"
    head = f"diff --git a/{name} b/{name}\nnew file mode {mode}\n"
    if not text:
        return head
    ends_with_newline = text.endswith("\n")
    lines = text.removesuffix("\n").split("\n")
    body = "".join(f"+{line}\n" for line in lines)
    tail = "" if ends_with_newline else "\\ No newline at end of file\n"
    return f"{head}--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{len(lines)} @@\n{body}{tail}"


def _files(top: Path, *options: str) -> list[str]:
    return [name for name in _git(top, "ls-files", "-z", *options).split("\0") if name]


def _git(folder: Path, *arguments: str) -> str:
    return os.fsdecode(answer(["git", "-C", str(folder), *arguments]))


def _versions() -> dict[str, str]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
