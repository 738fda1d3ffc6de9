"""Ray: what a trial costs on a cluster, beside Ray Tune with and without reused actors.

    python benchmarks/ray.py               three turns of each, interleaved
    python benchmarks/ray.py --turns 5     as many
    python benchmarks/ray.py --quick       a turn of a few trials, nothing kept: does it run?

200 trials that report once, and 24 trials of 100 reports, on a cluster of this machine with two
workers. Counted is from the moment at which both workers have trained a trial to the last result;
what came before is the start, reported apart. Ray Tune's actors are reused or not; a trial of its
takes a second either way, so 24 stand for the 200, by the trial. Median of the turns. On the
cluster that RAY_ADDRESS names, else on a local one of each turn.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median

from measure import BENCH, ROOT, Cache, Output, child, version

METHODS = ("etude", "reused", "fresh")
# By name: trials that are counted, and reports of each.
TASKS = {"noop": (200, 1), "reports": (24, 100)}
OF_PEERS = 24  # a trial of theirs takes a second


def turn(method: str, task: str, number: int, cache: Cache) -> dict[str, float]:
    """Seconds of one turn, for as many trials as are asked for; what was played is known."""
    trials, reports = TASKS[task]
    played = min(trials, OF_PEERS) if method != "etude" else trials
    key = {"method": method, "task": task, "turn": number, "trials": played}
    if (row := cache.get(key)) is None:
        script = ROOT / "benchmarks" / "peers" / "on_ray.py"
        said = child([sys.executable, script, method, str(played), str(reports)]).said
        row = {**key, **said}
        cache.add(row)
    return {"wall_s": row["wall_s"] * trials / played, "start_s": row["start_s"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--turns", type=int, default=3, help="of each method")
    parser.add_argument("--quick", action="store_true", help="a few trials, nothing kept")
    asked = parser.parse_args()
    output = Output("ray", keep=not asked.quick)
    names = {name: version(sys.executable, name) for name in ("etude", "ray")}
    output.say(f"Etude {names['etude']}, Ray {names['ray']}, Python {sys.version.split()[0]}")
    path = BENCH / ("ray-quick.jsonl" if asked.quick else "ray.jsonl")
    if asked.quick:
        TASKS.update(noop=(4, 1), reports=(2, 5))
        Path(path).unlink(missing_ok=True)
    cache = Cache(path, ("method", "task", "turn", "trials"))
    figures: dict[str, float] = {}
    for task, (trials, reports) in TASKS.items():
        rows: dict[str, list[dict[str, float]]] = {method: [] for method in METHODS}
        for number in range(1 if asked.quick else asked.turns):
            for method in METHODS:
                rows[method].append(turn(method, task, number, cache))
        output.say(f"{trials} trials of {reports} reports: seconds, and of the start")
        walls = {}
        for method in METHODS:
            walls[method] = median(row["wall_s"] for row in rows[method])
            start_s = median(row["start_s"] for row in rows[method])
            output.say(f"  {method:10}{walls[method]:10.3f}{start_s:10.2f}")
            figures[f"{task}_{method}_s"] = walls[method]
        best = min(walls["reused"], walls["fresh"])
        figures[f"{task}_wall_over_ray_tune"] = walls["etude"] / best
    ratios = [figures[f"{task}_wall_over_ray_tune"] for task in TASKS]
    output.end({**figures, "wall_over_ray_tune": max(ratios)})


if __name__ == "__main__":
    main()
