"""Links that lead out of a folder: never followed, always named."""

from __future__ import annotations

from pathlib import Path

from . import guard


def leading_out(folder: Path, *patterns: str) -> list[str]:
    """One sentence for each link of these patterns that leads out of the folder, sorted."""
    links = {path for one in patterns for path in folder.glob(one) if path.is_symlink()}
    return [
        f"`{path}` is a link out of the folder, and was not followed."
        for path in sorted(links)
        if not guard.inside(folder, path)
    ]
