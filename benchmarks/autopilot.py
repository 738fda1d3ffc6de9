"""Whether rounds that follow their own advice leave a first space that is wrong.

    python benchmarks/autopilot.py               8 seeds on valleys, 3 on trainings: hours
    python benchmarks/autopilot.py --quick       one seed, two valleys, nothing kept: does it run?
    python benchmarks/autopilot.py --only mlp_adam --play optuna_tpe    a part: rows add up

Twelve problems, each begun in a space without its optimum (beyond one side or two, one
hyperparameter without effect; 30 % infeasible in valleys, 25 to 65 % in trainings) and in one with
it. `autopilot` plays four rounds of
20 trials' steps; Optuna's TPE and GP, as they come, and one quasi-random study search the same
first space for at least as many training steps (in up to four times as many trials: what breaks at
once costs a step). In the right space a peer's best of a training counts as far as it has trained
no more steps than ours. Regret: of a valley, how much worse the setting of
the best measured trial is than the best there is, without noise; of a training, by how much the
best measured value is above the lowest that any method, seed or space ever saw, which nobody beats
without luck.

Over all rounds it is counted how often a side is moved back: widened past where it was cut, or cut
where it was just widened, within a decade. Ten toys with cliffs at different places (`cliffs.py`)
are counted by themselves.

What a peer played stands in `results/rows/`, by its version; what autopilot played in
`.bench/autopilot.jsonl`, by the code that played it: later runs add to both.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np
import torch
from cliffs import TOYS, circle, moved_back
from measure import ROOT, Output, Rows, version
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu
from search import python_of
from wrong_spaces import METRIC, PROBLEMS, Axis, Problem, Setting, Space

import etude
from etude.move import Start
from etude.record import Records
from etude.search.quasi_random import QuasiRandom
from etude.space import Space as Space_
from etude.study import Study, derived_seed

OURS, PEERS = "autopilot", ("optuna_tpe", "optuna_gp", "quasi_random")
METHODS = (OURS, *PEERS)
KINDS = ("wrong", "right")
ROUNDS, TRIALS = 4, 20
MOST = 4  # times as many trials of a peer at most
SEEDS, TRAINING_SEEDS, CIRCLE_SEEDS = 8, 3, 3
CIRCLE = "circle"
# A rank test that cannot tell ours from the lowest at this level is what "within noise" means.
LEVEL = 0.05
BARS = {
    "wrong_space_wins": 11.0,
    "right_space_not_worse": 1.0,
    "sides_moved_back": 0.0,
    "circles_moved_back": 0.0,
}
LOW = ("sides_moved_back", "circles_moved_back")  # these are to be at most their bar
Task = dict[str, Any]
Results = dict[tuple[str, str, str], dict[int, Task]]  # problem, kind, method: by seed
# By which a study that was played is known again.
KEY = ("problem", "kind", "method", "seed")


def code_of_ours() -> str:
    """What changes when results of ours may: the code that plays rounds, and the problems."""
    here = ROOT / "benchmarks"
    paths = [here / "wrong_spaces.py", here / "cliffs.py"]
    paths += [ROOT / "examples" / "optimizer" / "train.py"]
    folders = ("advise", "analyze", "design", "procedure", "round", "search")
    paths += [
        path for name in folders for path in sorted((ROOT / "src/etude" / name).rglob("*.py"))
    ]
    # As parsed: comments and layout change no result.
    texts = [ast.dump(ast.parse(path.read_text())).encode() for path in paths]
    return hashlib.blake2b(b"/".join(texts), digest_size=5).hexdigest()


def versions() -> dict[str, str]:
    """The releases of the peers, by method; what spreads evenly is ours, and changes with ours."""
    optuna = version(python_of("optuna_tpe"), "optuna")
    even = version(sys.executable, "etude")
    return {method: even if method == "quasi_random" else optuna for method in PEERS}


# --- autopilot


def domain(axis: Axis) -> etude.Real | etude.Integer:
    if axis.whole:
        return etude.Integer(int(axis.low), int(axis.high), log=axis.scale == "log")
    return etude.Real(axis.low, axis.high, scale=axis.scale)  # type: ignore[arg-type]  # one of three


def fly(problem: Problem, space: Space, seed: int) -> tuple[list[Task], Task]:
    """The trials of all rounds; what each but the first was for, and which sides went back."""
    experiment = etude.Experiment(
        name=problem.name,
        metric=METRIC,
        max_steps=problem.max_steps,
        trials=TRIALS,
        evaluations=problem.evaluations,
        nuisance={name: domain(axis) for name, axis in space.items()},
        seed=seed,
    )
    rounds = etude.autopilot(experiment, lambda trial: report(problem, trial), rounds=ROUNDS)
    last = {one.result.experiment.name: one.result for one in rounds.rounds}
    trials = [
        {"setting": dict(record.setting), "value": value_of(record), "steps": record.steps}
        for result in last.values()
        for record in result.records
    ]
    coming = [one.coming for one in rounds.rounds if one.coming]
    moves = asdict(moved_back([one.recommendations for one in coming]))
    return trials, {"goals": [one.goal for one in coming], **moves}


def value_of(record: Any) -> float | None:
    best = record.best(METRIC, maximize=False)
    return best.value if best and record.status == "completed" else None


def report(problem: Problem, trial: etude.Trial) -> None:
    setting = {name: trial[name] for name in problem.right}
    steps = problem.train(setting, trial.seed)
    for step, (logged, value) in zip(trial.steps(), steps, strict=False):
        if logged:
            trial.log(step, logged)
        if value is not None:
            trial.report(step, {METRIC: value})


# --- peers: ask, train, tell, until as many steps are trained


def trained(problem: Problem, setting: Setting, seed: int) -> Task:
    """A trial as every peer has it: its best value, as autopilot's trials have it."""
    values, steps = [], 0
    for _, value in problem.train(setting, seed):
        steps += 1
        if value is not None:
            values.append(value)
    healthy = values and all(map(math.isfinite, values))
    return {"setting": setting, "value": min(values) if healthy else None, "steps": steps}


class Asked:
    """One sampler of Optuna, in its own environment."""

    def __init__(self, method: str, space: Space, seed: int) -> None:
        self._process = subprocess.Popen(
            [python_of(method), ROOT / "benchmarks" / "peers" / "optuna_ask.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        axes = {name: asdict(axis) for name, axis in space.items()}
        self._next = self._said({"sampler": method, "seed": seed, "axes": axes})

    def ask(self) -> Setting:
        return self._next

    def tell(self, value: float | None) -> None:
        self._next = self._said({"value": value})

    def close(self) -> None:
        self._process.communicate()

    def _said(self, message: Task) -> Task:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))


class Even:
    """One quasi-random study of ours, as long as it takes."""

    def __init__(self, space: Space, seed: int) -> None:
        study = Study(
            name="all",
            scientific={},
            space=Space_({name: domain(axis) for name, axis in space.items()}),
            fixed={},
            max_trials=MOST * ROUNDS * TRIALS,
            seed=derived_seed(seed, "all"),
            search="quasi_random",
            metric=METRIC,
            maximize=False,
            max_steps=1,
            evaluations=1,
        )
        moves = QuasiRandom().moves(study, Records.of([]), study.max_trials)
        self._settings = iter([dict(one.searched) for one in moves if isinstance(one, Start)])

    def ask(self) -> Setting:
        return next(self._settings)

    def tell(self, value: float | None) -> None:
        del value

    def close(self) -> None:
        pass


def search(method: str, problem: Problem, space: Space, seed: int) -> list[Task]:
    """The trials of a peer: until the budget's steps are trained.

    Or until it has four times the trials that these pay for at full length: a sampler that forgets
    failed trials can ask for the same broken setting forever, a step each.
    """
    tuner = Even(space, seed) if method == "quasi_random" else Asked(method, space, seed)
    trials: list[Task] = []
    budget, most = ROUNDS * TRIALS * problem.max_steps, MOST * ROUNDS * TRIALS
    while sum(one["steps"] for one in trials) < budget and len(trials) < most:
        trials.append(trained(problem, tuner.ask(), derived_seed(seed, method, len(trials))))
        tuner.tell(trials[-1]["value"])
    tuner.close()
    return trials


# --- what was found


def play(task: Task) -> Task:
    if task["kind"] == CIRCLE:
        return play_circle(task)
    problem = PROBLEMS[task["problem"]]
    space = problem.wrong if task["kind"] == "wrong" else problem.right
    begin, more = time.perf_counter(), Task()
    if task["method"] == OURS:
        trials, more = fly(problem, space, task["seed"])
    else:
        trials = search(task["method"], problem, space, task["seed"])
    healthy = [one for one in trials if one["value"] is not None]
    return {
        **task,
        **more,
        "course": course(problem, trials),
        "trials": len(trials),
        "infeasible": len(trials) - len(healthy),
        "steps": sum(one["steps"] for one in trials),
        "seconds": round(time.perf_counter() - begin, 2),
    }


def course(problem: Problem, trials: Sequence[Task]) -> list[list[float | None]]:
    """Each trial that measured better than all before.

    The steps trained until its end, what it measured, and what its setting is truly worth.
    """
    steps, better = 0, list[list[float | None]]()
    for one in trials:
        steps += one["steps"]
        if one["value"] is not None and (not better or one["value"] < better[-1][1]):
            true = problem.loss(one["setting"]) if problem.loss else None
            better.append([steps, one["value"], true])
    return better


def play_circle(task: Task) -> Task:
    toy = next(one for one in TOYS if one.name == task["problem"])
    moves, series = circle(toy, task["seed"])
    goals = [one.coming.goal for one in series.rounds if one.coming]
    return {**task, **asdict(moves), "goals": goals}


def tasks(seeds: Mapping[str, int], chosen: Sequence[str], code: str) -> Iterator[Task]:
    """Seed by seed, so that what is stopped early has all methods; the methods interleaved."""
    for seed in range(max(seeds.values())):
        for name, kind, method in product(chosen, KINDS, METHODS):
            if seed < seeds[name]:
                given = {"problem": name, "kind": kind, "method": method, "seed": seed}
                yield {**given, "code": code} if method == OURS else given


def circle_tasks(seeds: int, code: str) -> Iterator[Task]:
    for seed, toy in product(range(seeds), TOYS):
        given = {"problem": toy.name, "kind": CIRCLE, "method": OURS, "seed": seed}
        yield {**given, "code": code}


def gathered(wanted: Iterator[Task], rows: Rows) -> Results:
    found: Results = {}
    for task in wanted:
        if (result := rows.get(task)) is not None:
            key = result["problem"], result["kind"], result["method"]
            found.setdefault(key, {})[result["seed"]] = result
    return found


def regrets(
    results: Results, problem: str, kind: str, method: str, *, same_steps: bool = False
) -> NDArray[Any]:
    """The regret of each seed; with `same_steps`, after no more steps than ours trained there."""
    played = sorted(results.get((problem, kind, method), {}).items())
    ours = results.get((problem, kind, OURS), {})
    least = PROBLEMS[problem].least
    lowest = least if least is not None else lowest_value(results, problem)
    column = 1 if least is None else 2
    found = []
    for seed, one in played:
        until = ours[seed]["steps"] if same_steps and seed in ours else math.inf
        reached = [point for point in one["course"] if point[0] <= until]
        found.append(reached[-1][column] - lowest if reached else math.inf)
    return np.array(found)


def lowest_value(results: Results, problem: str) -> float:
    """The lowest that any method, seed or space measured."""
    of_problem = [seeds for (name, _, _), seeds in results.items() if name == problem]
    ends = [one["course"][-1] for seeds in of_problem for one in seeds.values() if one["course"]]
    return min(float(value) for _, value, _ in ends)


def played_peers(results: Results, chosen: Sequence[str]) -> list[str]:
    """The peers of which every problem has a row: what nobody played is compared with by nobody."""
    return [
        peer
        for peer in PEERS
        if all((one, kind, peer) in results for one, kind in product(chosen, KINDS))
    ]


def wins(results: Results, problem: str, peers: Sequence[str]) -> bool:
    ours = np.median(regrets(results, problem, "wrong", OURS))
    return all(ours < np.median(regrets(results, problem, "wrong", peer)) for peer in peers)


def not_worse(results: Results, problem: str, peers: Sequence[str]) -> bool:
    """Whether no peer is lower in the right space, or none so much that it can be told."""
    ours = regrets(results, problem, "right", OURS)
    trained = PROBLEMS[problem].least is None
    for peer in peers:
        theirs = regrets(results, problem, "right", peer, same_steps=trained)
        lower = np.median(theirs) < np.median(ours)
        if lower and mannwhitneyu(ours, theirs, alternative="greater").pvalue < LEVEL:
            return False
    return True


def table(output: Output, results: Results, chosen: Sequence[str], peers: Sequence[str]) -> None:
    methods = (OURS, *peers)
    for kind in KINDS:
        output.say()
        output.say(f"{f'{kind} first space':24}" + "".join(f"{one:>30}" for one in methods))
        for problem in chosen:
            same = kind == "right" and PROBLEMS[problem].least is None
            cells = "".join(
                cell(regrets(results, problem, kind, one, same_steps=same)) for one in methods
            )
            judge = wins if kind == "wrong" else not_worse
            held = judge(results, problem, peers)
            word = ("wins" if held else "LOSES") if kind == "wrong" else ("" if held else "WORSE")
            output.say(f"{problem:24}{cells}  {word}")


def cell(found: NDArray[Any]) -> str:
    low, middle, high = np.quantile(found, [0.25, 0.5, 0.75])
    return f"{middle:.3g} [{low:.2g}, {high:.2g}]".rjust(30)


def spending(output: Output, results: Results, chosen: Sequence[str], peers: Sequence[str]) -> None:
    """What was trained, and how much of it broke."""
    output.say()
    output.say("training steps (thousands), and the share of the trials that broke, median")
    for problem, kind in product(chosen, KINDS):
        cells = ""
        for method in (OURS, *peers):
            played = results[problem, kind, method].values()
            steps = np.median([one["steps"] for one in played]) / 1000
            broke = np.median([one["infeasible"] / one["trials"] for one in played])
            cells += f"{steps:.2f}, {100 * broke:.0f} %".rjust(30)
        output.say(f"{f'{problem}, {kind}':32}{cells}")


def figures(
    results: Results, chosen: Sequence[str], peers: Sequence[str], circles: Results
) -> dict[str, float]:
    counts = [len(one) for (_, _, method), one in results.items() if method in (OURS, *peers)]
    more = [
        one["steps"] <= results[problem, kind, peer][seed]["steps"]
        for problem, kind, peer in product(chosen, KINDS, peers)
        for seed, one in results[problem, kind, OURS].items()
        if seed in results[problem, kind, peer]
    ]
    ours = [
        one
        for problem, kind in product(chosen, KINDS)
        for one in played_by_us(results, problem, kind)
    ]
    toys = [one for seeds in circles.values() for one in seeds.values()]
    return {
        "wrong_space_wins": sum(wins(results, one, peers) for one in chosen),
        "wrong_space_problems": len(chosen),
        "right_space_not_worse": float(np.mean([not_worse(results, one, peers) for one in chosen])),
        "sides_moved_back": sum(one["back"] for one in ours),
        "walls_lifted": sum(one["lifted"] for one in [*ours, *toys]),
        "circles_moved_back": sum(one["back"] for one in toys),
        "circles": len(toys),
        "peers_trained_as_many_steps": float(np.mean(more)),
        "seeds": max(counts),
        "fewest_seeds": min(counts),
    }


def played_by_us(results: Results, problem: str, kind: str) -> list[Task]:
    return list(results[problem, kind, OURS].values())


def went_back(output: Output, results: Results) -> None:
    """The problems of which a side was moved back, with the seeds."""
    for (problem, kind, method), seeds in results.items():
        if method == OURS and (back := [seed for seed, one in seeds.items() if one["back"]]):
            output.say(f"moved back: {problem}, {kind}, seeds {', '.join(map(str, back))}")


def main() -> None:
    arguments = options()
    torch.set_num_threads(1)
    quick, chosen = arguments.quick, arguments.only or list(PROBLEMS)
    chosen = chosen[:2] if quick else chosen
    most = 1 if quick else arguments.seeds
    few = min(most, TRAINING_SEEDS)
    seeds = {one: few if PROBLEMS[one].least is None else most for one in chosen}
    releases, code = versions(), code_of_ours()
    rows = Rows("autopilot", KEY, releases)
    wanted = [*tasks(seeds, chosen, code), *circle_tasks(min(few, CIRCLE_SEEDS), code)]
    for task in wanted:
        if task["method"] in arguments.play and rows.get(task) is None:
            rows.add(play(task))
    output = Output("autopilot", keep=not (quick or arguments.only))
    output.say(
        f"Etude {version(sys.executable, 'etude')}; optuna {releases['optuna_tpe']}; "
        f"torch {torch.__version__}; Python {sys.version.split()[0]}"
    )
    results = gathered((one for one in wanted if one["kind"] != CIRCLE), rows)
    circles = gathered((one for one in wanted if one["kind"] == CIRCLE), rows)
    if any((one, kind, OURS) not in results for one, kind in product(chosen, KINDS)):
        output.say("Autopilot was not played to the end; the figures follow when it was.")
        return
    report_all(output, results, circles, chosen)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="one seed, two valleys, nothing kept")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="of valleys; trainings have 3")
    parser.add_argument("--play", nargs="*", default=list(METHODS), help="methods; others are read")
    parser.add_argument("--only", nargs="*", default=[], help="problems; nothing is kept")
    return parser.parse_args()


def report_all(output: Output, results: Results, circles: Results, chosen: Sequence[str]) -> None:
    output.say("Regret, median over seeds [quartiles]; of trainings in the right space, after")
    output.say("no more steps than autopilot trained.")
    peers = played_peers(results, chosen)
    if absent := [peer for peer in PEERS if peer not in peers]:
        output.say(f"Not played on every problem, and left out: {', '.join(absent)}.")
    table(output, results, chosen, peers)
    spending(output, results, chosen, peers)
    found = figures(results, chosen, peers, circles)
    output.say()
    went_back(output, results)
    went_back(output, circles)
    for key, bar in BARS.items():
        word = "holds" if holds(key, found[key]) else "MISSED"
        output.say(f"{key:28}{found[key]:8.3f}   bar {bar:6.2f}   {word}")
    output.end(found)


def holds(key: str, value: float) -> bool:
    return value <= BARS[key] if key in LOW else value >= BARS[key]


if __name__ == "__main__":
    main()
