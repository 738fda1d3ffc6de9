"""Trials per hour: a process a trial, warm workers, stacks, `auto`, and Ray Tune as it comes.

    python benchmarks/throughput.py                everything: 20 minutes on a quiet 2-core machine
    python benchmarks/throughput.py --quick        small rounds, nothing kept: does it run?
    python benchmarks/throughput.py --device cuda  on a GPU: seconds a step of a trial alone, and in
                                                   stacks of 8 to 512, beside the arithmetic alone

Each workload is a round of `examples/` of which warm workers have half a minute to do: in a shorter
one all that counts is what it takes to begin. Contenders take
turns; medians over turns. A contender's time is that of the whole call in a process that has just
begun: workers that start and import PyTorch, the rehearsal, the gate's measuring, the store. Ray
starts in it too. A process a trial and Ray train fewer of the same trials: they gain nothing with
time. All of them train by the same loop, with one thread a trial. `_cpu` figures compare seconds on
the processor instead, for machines where others compute; Ray's are not all seen, and left out.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from measure import ROOT, Child, Output, child, version

PEER = ROOT / "benchmarks" / "peers" / "throughput_trials.py"
BARS = {
    "auto_over_warm.min": 0.95,
    "vectorized_over_warm.mlp": 2.5,
    "vectorized_over_warm.cnn": 1.2,
    "vectorized_over_process.mlp": 10.0,
}
NAMES = {
    "process": "a process a trial",
    "warm": "warm workers",
    "vectorized": "vectorized",
    "auto": "auto",
    "ray_tune": "Ray Tune",
}
WIDTHS = {"cpu": "4,8,16,32", "cuda": "8,32,128,512"}


@dataclass(frozen=True)
class Workload:
    """A round of the examples.

    Args:
        steps: Of each trial.
        trials: Of each of the two studies.
        few: How many trials those do who gain nothing with time.
    """

    name: str
    file: str
    steps: int
    trials: int
    few: int


FULL = [
    Workload("mlp", "digits/mlp.toml", 2000, 64, 8),
    Workload("cnn", "digits/cnn.toml", 600, 40, 8),
    Workload("transformer", "characters/characters.toml", 300, 12, 4),
]
QUICK = [Workload("mlp", "digits/mlp.toml", 200, 2, 2)]


@dataclass
class Bench:
    """Plays the contenders in turn, on copies of the examples that are forgotten."""

    folder: Path
    runs: dict[tuple[str, str], list[Child]] = field(default_factory=lambda: defaultdict(list))

    def play(self, workload: Workload, turns: int) -> None:
        """Every contender as often as there are turns; the slow ones not in the last."""
        file = copied(workload, self.folder / workload.name)
        commands: dict[str, list[str | Path]] = {
            "warm": ["round", "processes", file],
            "vectorized": ["round", "vectorized", file],
            "auto": ["round", "auto", file],
            "process": ["apart", file, str(workload.few)],
            "ray_tune": ["ray", file, str(workload.few)],
        }
        for turn in range(turns):
            for name, command in commands.items():
                if turn and turn == turns - 1 and name in ("process", "ray_tune"):
                    continue
                done = child([sys.executable, PEER, *command])
                self.runs[workload.name, name].append(done)
                print(f"  {workload.name} {name}: {done.said['wall_s']:.1f} s", file=sys.stderr)

    def per_hour(self, workload: str, name: str) -> float:
        """Median trials per hour."""
        runs = self.runs[workload, name]
        return median(3600 * run.said["trials"] / run.said["wall_s"] for run in runs)

    def cpu_s(self, workload: str, name: str) -> float:
        """Median seconds on the processor for one trial."""
        return median(run.cpu_s / run.said["trials"] for run in self.runs[workload, name])

    def cpu_ratio(self, workload: str, name: str, other: str) -> float:
        """How many times as many trials per second on the processor."""
        return self.cpu_s(workload, other) / self.cpu_s(workload, name)

    def ratio(self, workload: str, name: str, other: str) -> float:
        """How many times as many trials per hour."""
        return self.per_hour(workload, name) / self.per_hour(workload, other)


def copied(workload: Workload, folder: Path) -> Path:
    """The experiment file beside its workload, with the sizes that are measured here."""
    source = ROOT / "examples" / workload.file
    shutil.copytree(source.parent, folder)
    text = (folder / source.name).read_text(encoding="utf-8")
    for key, value in (("max_steps", workload.steps), ("trials", workload.trials)):
        text, count = re.subn(rf"(?m)^{key}\b\s*=.*$", f"{key} = {value}", text)
        assert count == 1, f"{source} has no one line `{key}`"
    file = folder / source.name
    file.write_text(text, encoding="utf-8")
    return file


def _table(bench: Bench, workloads: list[Workload], output: Output) -> None:
    for workload in workloads:
        output.say()
        output.say(
            f"{workload.name}: {2 * workload.trials} trials of {workload.steps} steps; a process a "
            f"trial and Ray Tune {workload.few}"
        )
        output.say(f"{'':20}{'trials/h':>10}{'median s':>10}{'CPU s':>8}{'turns':>7}")
        for name, told in NAMES.items():
            runs = bench.runs[workload.name, name]
            output.say(
                f"{told:20}{bench.per_hour(workload.name, name):10.0f}"
                f"{median(run.said['wall_s'] for run in runs):10.1f}"
                f"{median(run.cpu_s for run in runs):8.1f}{len(runs):7}"
            )
        said = bench.runs[workload.name, "auto"][-1].said["choice"]
        output.say(f"auto says: {said}")


def _figures(bench: Bench, workloads: list[Workload]) -> dict[str, float]:
    names = [workload.name for workload in workloads]
    auto = {f"auto_over_warm.{name}": bench.ratio(name, "auto", "warm") for name in names}
    others = {
        f"vectorized_over_{other}.{name}": bench.ratio(name, "vectorized", other)
        for other in ("warm", "process", "ray_tune")
        for name in names
    }
    cpu = {f"auto_over_warm_cpu.{name}": bench.cpu_ratio(name, "auto", "warm") for name in names}
    cpu |= {
        f"vectorized_over_{other}_cpu.{name}": bench.cpu_ratio(name, "vectorized", other)
        for other in ("warm", "process")
        for name in names
    }
    return {"auto_over_warm.min": min(auto.values()), **auto, **others, **cpu}


def _judged(figures: dict[str, float], output: Output) -> None:
    output.say()
    for key, bar in BARS.items():
        held = "holds" if figures.get(key, 0.0) >= bar else "MISSED"
        output.say(f"{key:32}{figures.get(key, 0.0):10.2f}   bar {bar:6.2f}   {held}")
    for key in figures:
        if "_cpu." in key:
            output.say(f"{key:32}{figures[key]:10.2f}")


def _stacks(output: Output, workloads: list[Workload], device: str) -> dict[str, float]:
    """Steps of trials in stacks of each width, and of the arithmetic alone."""
    figures: dict[str, float] = {}
    output.say()
    output.say("Milliseconds for one step of one trial")
    output.say(f"{'':14}{'width':>6}{'step':>10}{'over alone':>12}{'arithmetic':>12}")
    for workload in workloads:
        with tempfile.TemporaryDirectory() as folder:
            file = copied(workload, Path(folder) / workload.name)
            said = child([sys.executable, PEER, "stacks", file, WIDTHS[device]]).said
        assert str(said["device"]).startswith(device), f"the device is {said['device']}"
        for width, step_s in said["steps_s"].items():  # type: ignore[attr-defined]  # JSON
            alone_s = said["steps_s"]["1"]  # type: ignore[index]  # JSON
            limit_s = said["arithmetic_s"].get(width)  # type: ignore[attr-defined]  # JSON
            limit = f"{1e3 * limit_s:12.3f}" if limit_s else ""
            output.say(
                f"{workload.name:14}{width:>6}{1e3 * step_s:10.3f}{alone_s / step_s:12.1f}{limit}"
            )
            figures[f"stack_of_{width}_over_alone.{workload.name}"] = alone_s / step_s
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small rounds, nothing kept")
    parser.add_argument("--device", choices=tuple(WIDTHS), default="cpu")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--note", default="", help="a line on the machine, kept")
    chosen = parser.parse_args()
    name = "throughput" if chosen.device == "cpu" else "throughput_cuda"
    output = Output(name, keep=not chosen.quick)
    if chosen.note:
        output.say(chosen.note)
    packages = ", ".join(f"{each} {version(sys.executable, each)}" for each in ("torch", "ray"))
    output.say(f"Etude {version(sys.executable, 'etude')}, {packages}, Python {sys.version[:6]}")
    workloads = QUICK if chosen.quick else FULL
    if chosen.device == "cuda":
        output.end(_stacks(output, workloads, "cuda"))
        return
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for workload in workloads:
            bench.play(workload, 1 if chosen.quick else chosen.turns)
    _table(bench, workloads, output)
    figures = _figures(bench, workloads)
    _judged(figures, output)
    figures |= _stacks(output, workloads, "cpu")
    output.end(figures)


if __name__ == "__main__":
    main()
