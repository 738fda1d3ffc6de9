"""What is killed with -9 and resumed, beside what was not interrupted: bit for bit, or not.

A Trainer of transformers and a loop of one's own, each at the end of an epoch and in its middle, on
plain data and with random augmentation, with 0 and 2 workers of the loader, on 1 and 2 processes.
`bitwise` counts cells whose weights and logged values are equal to the last bit on all ranks;
`said` those that are not and whose rehearsal had said so.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import itertools
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from measure import BENCH, ROOT, Cache, Output, version
from resume_trainings import Cell, run

import etude

KEY = ("loop", "place", "augments", "workers", "ranks", "versions", "code")
LIBRARIES = ("torch", "transformers", "accelerate")
# What a training says at its rehearsal that cannot go on as if it had not been interrupted.
SAID = "than an uninterrupted one"


def code_of_ours() -> str:
    """What changes when results may: the code that resumes, and the trainings, as parsed."""
    package = ROOT / "src" / "etude"
    folders = [package / name for name in ("connect/huggingface", "train/torch", "trial")]
    paths = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    paths.append(ROOT / "benchmarks" / "resume_trainings.py")
    texts = [ast.dump(ast.parse(path.read_text())).encode() for path in paths]
    return hashlib.blake2b(b"/".join(texts), digest_size=5).hexdigest()


def cells() -> list[Cell]:
    axes = (("huggingface", "plain"), ("end", "middle"), (False, True), (0, 2), (1, 2))
    return [Cell(*values) for values in itertools.product(*axes)]


def judged(cell: Cell, folder: Path) -> dict[str, Any]:
    """What became of one cell."""
    whole, killed = folder / "whole", folder / "killed"
    codes = [run(cell, whole, killed=False), run(cell, killed, killed=True)]
    resumed = run(cell, killed, killed=False)
    was_killed = codes[1] == [-9] * cell.ranks
    is_over = codes[0] == resumed == [0] * cell.ranks
    return {
        "bitwise": was_killed and is_over and same(cell, folder),
        "said": SAID in (folder / "killed.txt").read_text(errors="replace"),
        "exit_codes": [*codes, resumed],
    }


def same(cell: Cell, folder: Path) -> bool:
    """Whether weights of all ranks and all logged values are equal."""
    for rank in range(cell.ranks):
        one, other = (torch.load(folder / f"{name}-{rank}.pt") for name in ("whole", "killed"))
        if any(not torch.equal(one[name], other[name]) for name in one):
            return False
    first, second = (values(folder / f"{name}.db") for name in ("whole", "killed"))
    return bool(first) and first == second


def values(store: Path) -> dict[str, Any]:
    """All points of the one trial, by metric."""
    (record,) = etude.load(store, "resume").records
    series = {name: record.series(name) for name in record.points.metrics}
    return {name: (one.steps_P.tolist(), one.values_P.tolist()) for name, one in series.items()}


def played(cell: Cell, cache: Cache, versions: str) -> dict[str, Any]:
    """What became of a cell: now, or before with the same code and versions."""
    task = {**asdict(cell), "versions": versions, "code": code_of_ours()}
    row = cache.get(task)
    if row is None:
        folder = Path(tempfile.mkdtemp(prefix="resume-"))
        row = {**task, **judged(cell, folder)}
        cache.add(row)
        shutil.rmtree(folder, ignore_errors=True)
    return row


def shown(cell: Cell, row: dict[str, Any], output: Output) -> dict[str, Any]:
    """The same row, told in a line."""
    how = "bit for bit" if row["bitwise"] else "said" if row["said"] else "DIFFERS"
    drawn = "random" if cell.augments else "plain"
    output.say(f"{cell.loop:12} {cell.place:7} {drawn:7} {cell.workers} {cell.ranks}  {how}")
    if not row["bitwise"]:
        output.say(f"    exit codes {row['exit_codes']}")
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loop", choices=("huggingface", "plain"), help="only this one")
    asked = parser.parse_args()
    versions = ", ".join(f"{name} {version(sys.executable, name)}" for name in LIBRARIES)
    cache = Cache(BENCH / "resume.jsonl", KEY)
    output = Output("resume", keep=asked.loop is None)
    output.say(versions)
    output.say("loop, place, augmentation, workers, processes")
    asked_for = [cell for cell in cells() if asked.loop in (None, cell.loop)]
    rows = [shown(cell, played(cell, cache, versions), output) for cell in asked_for]
    bitwise = sum(row["bitwise"] for row in rows)
    said = sum(row["said"] and not row["bitwise"] for row in rows)
    output.end({"cells": len(rows), "bitwise": bitwise, "said": said})


if __name__ == "__main__":
    main()
