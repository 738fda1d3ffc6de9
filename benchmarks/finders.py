"""`etude batch-size` beside `accelerate`'s and Lightning's finders and the arithmetic alone.

    python benchmarks/finders.py                     on this machine: its GPU, else its processor
    python benchmarks/finders.py --python PYTHON     peers from an environment that has them

One network, whose memory is its activations. Where there is a GPU its memory is the limit, and a
torch for it has to be in both environments; else a process may hold LIMIT_MIB. The finders ask
which size fits; what they leave open, whether it is of use, is what Etude is for: so beside each
answer stands the throughput of that size, trained directly in a process of its own under the same
limit, as a share of the best of all sizes.

Figures, medians of three turns, interleaved: `NAME.batch_size`, `NAME.throughput` (that share; 0
where its size does not fit), `NAME.wall_s`, and `batch-size.largest`, the largest size that Etude
says fits. Bars: what Etude calls useful has 0.95 of the best throughput, and its largest fits.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from measure import ROOT, Output, child, peer, version

HERE = ROOT / "benchmarks" / "peers" / "finders"
LIMIT_MIB = 1000
TURNS = 3
PEERS = ("accelerate", "lightning", "arithmetic")
BARS = {"batch-size.throughput": 0.95, "batch-size.largest_fits": 1.0}
LIMIT_S = 3600
Row = dict[str, Any]


def of_etude(on_gpu: bool) -> Row:
    """What `etude batch-size` says, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("network.py", "train.py", "experiment.toml"):
            shutil.copy(HERE / file, folder / file)
        memory = [] if on_gpu else ["--memory", f"{LIMIT_MIB}MiB"]
        command = [sys.executable, "-m", "batch-size", "batch-size", "experiment.toml", *memory]
        done = subprocess.run(
            [*command, "--json"], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S
        )
    if not done.stdout:
        raise SystemExit(done.stderr)
    answer = json.loads(done.stdout)["answer"]
    return {"batch_size": answer["useful"], "largest": answer["largest_feasible"]}


def of_peer(name: str, python: Path) -> Row:
    script = HERE / (f"{name}.py" if name == "arithmetic" else f"{name}_finder.py")
    return child([python, script, LIMIT_MIB]).said


def throughput(size: int, python: Path) -> float:
    """Examples a second of direct training; 0 where the size does not fit."""
    done = subprocess.run(
        [python, HERE / "direct.py", str(size), str(LIMIT_MIB)], capture_output=True, text=True
    )
    # What the system ends for its memory does not fit either.
    said = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {"examples_per_s": 0.0}
    return float(said["examples_per_s"])


def played(python: Path, on_gpu: bool) -> dict[str, list[Row]]:
    """The answers of all, in turns."""
    found: dict[str, list[Row]] = {name: [] for name in ("batch-size", *PEERS)}
    for _ in range(TURNS):
        for name, answers in found.items():
            begin = time.perf_counter()
            said = of_etude(on_gpu) if name == "batch-size" else of_peer(name, python)
            answers.append({**said, "wall_s": time.perf_counter() - begin})
    return found


def directly(found: dict[str, list[Row]], python: Path) -> dict[int, float]:
    """Of every size that was named, and the powers of two below, the share of the best."""
    named = {one["batch_size"] for answers in found.values() for one in answers}
    largest = {one["largest"] for one in found["batch-size"]}
    sizes = named | largest | {2**power for power in range(8)}
    each = {
        size: median(throughput(size, python) for _ in range(TURNS))
        for size in sorted(size for size in sizes if size)
    }
    best = max(each.values())
    return {size: rate / best for size, rate in each.items()}


def figures_of(found: dict[str, list[Row]], direct: dict[int, float]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, answers in found.items():
        sizes = [one["batch_size"] or 0 for one in answers]
        figures[f"{name}.batch_size"] = median(sizes)
        figures[f"{name}.throughput"] = median(direct.get(size, 0.0) for size in sizes)
        figures[f"{name}.wall_s"] = median(one["wall_s"] for one in answers)
    largest = [one["largest"] or 0 for one in found["batch-size"]]
    figures["batch-size.largest"] = median(largest)
    figures["batch-size.largest_fits"] = min(float(direct.get(size, 0.0) > 0.0) for size in largest)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", type=Path, help="of an environment with the peers")
    python = parser.parse_args().python
    python = python or peer("finders", "torch", "accelerate", "lightning", constrained=True)
    on_gpu = bool(child([python, "-c", "import torch; print(int(torch.cuda.is_available()))"]).said)
    output = Output("finders")
    place = "its GPU" if on_gpu else f"the processor, {LIMIT_MIB} MiB a training"
    versions = ", ".join(f"{one} {version(python, one)}" for one in ("accelerate", "lightning"))
    output.say(f"on {place}; {versions}, torch {version(python, 'torch')}")
    found = played(python, on_gpu)
    direct = directly(found, python)
    output.say("size    share of the best throughput, trained directly")
    for size, share in direct.items():
        output.say(f"{size:<8}{share:.2f}" if share else f"{size:<8}too large")
    figures = figures_of(found, direct)
    for name, answers in found.items():
        sizes = [one["batch_size"] for one in answers]
        share, wall_s = figures[f"{name}.throughput"], figures[f"{name}.wall_s"]
        output.say(f"{name:<12}{sizes}  {share:.2f} of the best throughput  {wall_s:.0f} s")
    for figure, bar in BARS.items():
        says = "met" if figures[figure] >= bar else "MISSED"
        output.say(f"{figure} {figures[figure]:.2f}, bar {bar:g}: {says}")
    output.end(figures)


if __name__ == "__main__":
    main()
