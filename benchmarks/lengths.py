"""Whether the length that `etude training-length` finds is worth having, at equal total budgets.

    python benchmarks/lengths.py                  four workloads: an hour
    python benchmarks/lengths.py --only digits    one
    python benchmarks/lengths.py --read           what was played before, nothing new

Four small workloads (`plants/`): an MLP on the digits, a residual network, noisy classes, and a
character transformer at a quarter of the usual width. A file asks for more steps than it may need,
as one begins. `etude training-length` plays first; what it leaves of the budget pays for a
quasi-random study of that length. The rivals know nothing of it: the whole budget buys them studies
of 0.3 and of 3 times that length. The best setting of each study is then trained again at the
length of its study with seeds of its own, and `etude compare` judges, ours against each rival.

Where no rate fits, there is no length, and what the answer advises is played: a first round of a
tenth of the steps (T8), whose best setting is launched at the full length (T12), as its rivals' is.

Figures: `better` counts workloads where ours beats at least one rival, `worse` those where any
rival beats ours. What was played stands in `.bench/lengths.jsonl`, by the code of `procedure/`, the
workload, and what was asked.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a trial

import numpy as np
from cures import compared
from direct import loop_of, trained
from measure import BENCH, ROOT, Cache, Output
from planted import FOLDER
from procedures import digest, said_by

# Of studies and of retrainings; nothing was set on it.
SEED, BASE_SEED, TRAININGS = 11, 50_000, 5
# The whole budget, in trials of the file's length.
BUDGET = 40
SHARES = {"shorter": 0.3, "found": 1.0, "longer": 3.0}
FIRST_ROUND = 0.1  # T8
KEY = ("workload", "what", "code")
BARS = {"better": (2, ">="), "worse": (0, "<=")}
EXPERIMENT = """
[experiment]
name = "study"
question = "Which setting reaches the lowest validation value?"
metric = "{metric}"
train = "train.py:{workload}"
max_steps = {max_steps}
evaluations = {evaluations}
trials = {trials}
seed = {seed}

[nuisance]
{nuisance}

[fixed]
{fixed}
"""
MOMENTUM = """learning_rate = { low = 1e-3, high = 1.0, log = true }
momentum = { low = 0.7, high = 0.99, scale = "one_minus_log" }
weight_decay = { low = 1e-6, high = 1e-2, log = true }"""
ADAM = """learning_rate = { low = 1e-4, high = 0.1, log = true }
beta1 = { low = 0.7, high = 0.99, scale = "one_minus_log" }
weight_decay = { low = 1e-4, high = 0.1, log = true }"""
OF_MOMENTUM = 'optimizer = "momentum"\nbatch_size = 32'
OF_ADAM = 'optimizer = "adamw"\nbeta2 = 0.99\nepsilon = 1e-8\nbatch_size = 16\ndepth = 2'


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What is trained, and what a person asks at first."""

    name: str
    folder: str
    workload: str
    max_steps: int
    metric: str = "valid/loss"
    nuisance: str = MOMENTUM
    fixed: str = OF_MOMENTUM
    evaluations: int = 20

    def text(self, *, max_steps: int, trials: int) -> str:
        return EXPERIMENT.format(**{**vars(self), "max_steps": max_steps}, trials=trials, seed=SEED)

    @property
    def budget(self) -> int:
        return BUDGET * self.max_steps

    @property
    def code(self) -> str:
        procedures = sorted((ROOT / "src/etude/procedure").rglob("*.py"))
        asked = self.text(max_steps=self.max_steps, trials=BUDGET)
        return digest(*procedures, FOLDER / self.folder / "train.py") + f"{hash_of(asked)}"


WORKLOADS = (
    Workload(name="digits", folder="healthy_digits", workload="Digits", max_steps=1000),
    Workload(name="residual", folder="healthy_residual", workload="Classes", max_steps=1000),
    Workload(
        name="noise",
        folder="full_fit",
        workload="Classes",
        max_steps=2000,
        nuisance=f"{MOMENTUM}\ndropout = {{ low = 0.0, high = 0.5 }}",
    ),
    Workload(
        name="characters",
        folder="real_characters",
        workload="Characters",
        max_steps=1000,
        nuisance=ADAM,
        fixed=OF_ADAM,
    ),
)
BY_NAME = {one.name: one for one in WORKLOADS}


def hash_of(text: str) -> str:
    import hashlib

    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def placed(workload: Workload, folder: Path, *, max_steps: int, trials: int) -> Path:
    """The files of a workload in a folder, its data drawn with our seed."""
    text = (FOLDER / workload.folder / "train.py").read_text()
    (folder / "train.py").write_text(text.replace("\nSEED = 0\n", f"\nSEED = {SEED}\n"))
    file = folder / "experiment.toml"
    file.write_text(workload.text(max_steps=max_steps, trials=trials))
    return file


def typed(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "etude", *words], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"etude {' '.join(words)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def length_of(workload: Workload) -> dict[str, Any]:
    """What `etude training-length` answers, and what it spent."""
    with tempfile.TemporaryDirectory() as name:
        placed(workload, Path(name), max_steps=workload.max_steps, trials=BUDGET)
        said = said_by(typed(Path(name), "training-length", "experiment.toml", "--json"))
    return {"answer": said["answer"], "spent": said["cost"]["steps"]}


def study(workload: Workload, *, steps: int, trials: int, launch: int) -> dict[str, Any]:
    """The best setting of a study, and its values when it is trained again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        placed(workload, folder, max_steps=steps, trials=trials)
        typed(folder, "run", "experiment.toml")
        trials_said = said_by(typed(folder, "trials", "study", "--json"))["trials"]
        valued = [one for one in trials_said if one.get("best") and one["status"] == "completed"]
        best = min(valued, key=lambda one: one["best"]["value"])
        loop = loop_of(folder, workload.workload)
        runs = [
            trained(
                loop,
                best["setting"],
                BASE_SEED + place,
                max_steps=launch,
                evaluations=min(workload.evaluations, launch),
                metric=workload.metric,
            )
            for place in range(TRAININGS)
        ]
    values = [run.best if np.isfinite(run.best) else None for run in runs]
    return {"setting": best["setting"], "picked": best["best"]["value"], "values": values}


def recalled(workload: Workload, what: str, rows: Cache, *, reads: bool, **asked: Any) -> Any:
    """What was played; None where it was not, and nothing is to be played."""
    named = f"{what} {json.dumps(asked, sort_keys=True)}"
    task = {"workload": workload.name, "what": named, "code": workload.code}
    if (row := rows.get(task)) is None and not reads:
        row = {**task, **(study(workload, **asked) if asked else length_of(workload))}
        rows.add(row)
    return row


def judged(output: Output, workload: Workload, rows: Cache, *, reads: bool) -> dict[str, str]:
    """Ours against each rival, in the words of `etude compare`; empty where it was not played."""
    found = recalled(workload, "length", rows, reads=reads)
    if found is None:
        return {}
    answer, spent = found["answer"], found["spent"]
    steps = answer["max_steps"] or round(FIRST_ROUND * workload.max_steps)
    lengths = {name: max(round(share * steps), 2) for name, share in SHARES.items()}
    values: dict[str, list[float]] = {}
    parts = []
    for name, length in lengths.items():
        budget = workload.budget - (spent if name == "found" else 0)
        trials = max(budget // length, 1)
        launch = length if answer["max_steps"] else workload.max_steps
        asked = {"steps": length, "trials": trials, "launch": launch}
        row = recalled(workload, "study", rows, reads=reads, **asked)
        if row is None:
            return {}
        values[name] = [np.nan if one is None else one for one in row["values"]]
        mean, sd = np.mean(values[name]), np.std(values[name], ddof=1)
        parts.append(f"{length} steps x {trials}: {mean:.4g} +- {sd:.2g}")
    words = {name: compared(values[name], values["found"]) for name in ("shorter", "longer")}
    regime = f"{answer['regime']}, {spent} of {workload.budget} steps"
    output.say(f"{workload.name:12}{regime}; {'; '.join(parts)}")
    output.say(f"{'':12}against shorter {words['shorter']}, against longer {words['longer']}")
    return words


def figures(words: Mapping[str, Mapping[str, str]]) -> dict[str, float]:
    return {
        "workloads": len(words),
        "better": sum("better" in one.values() for one in words.values()),
        "worse": sum("worse" in one.values() for one in words.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=[], choices=[*BARS, *BY_NAME])
    parser.add_argument("--read", action="store_true", help="what was played before")
    arguments = parser.parse_args()
    names = [name for name in arguments.only if name in BY_NAME]
    output = Output("lengths", keep=not arguments.only)
    rows = Cache(BENCH / "lengths.jsonl", KEY)
    words = {
        one.name: result
        for one in WORKLOADS
        if (not names or one.name in names)
        and (result := judged(output, one, rows, reads=arguments.read))
    }
    found = figures(words)
    for name, (bar, sign) in BARS.items():
        holds = found[name] >= bar if sign == ">=" else found[name] <= bar
        output.say(f"{name:12}{found[name]:4}   bar {bar}   {'holds' if holds else 'MISSED'}")
    output.end(found)


if __name__ == "__main__":
    main()
