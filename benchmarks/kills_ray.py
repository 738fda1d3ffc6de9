"""Kills on Ray: nodes, actors and drivers killed at random, held against a run that nobody killed.

    python benchmarks/kills_ray.py               at least 50 kills
    python benchmarks/kills_ray.py --kills 100   as many in this run
    python benchmarks/kills_ray.py --quick       one story, nothing kept: does it run?

A story is a run on a cluster of a head without cores and two nodes with one each, on this machine.
Five kills strike it: a node in the rehearsal, a node while trials train, an actor, the driver,
and an actor or a node again, as is drawn. A node is removed without grace (SIGKILL of all that
Ray started there) and another one is added; an actor is killed by its process; the driver is killed
and typed again.

`lost`: what was committed and is gone, or is another value than in the run that nobody killed, bit
for bit. `repeated`: points that stand twice, and a trial that trained again after its end or from
before its last checkpoint; `from_zero`: among these, those that had a checkpoint and began at step
0. `takeover_s`: from the loss, which is Ray's first exception, to the first step of the next
attempt; the median, and the longest.

The sums by code are committed, in `results/rows/kills_ray.jsonl`; stories of the run at hand stand
in `.bench/`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

# The folder of this file holds a `ray.py`, which is no Ray.
HERE = str(Path(__file__).resolve().parent)
sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != Path(HERE)]
from ray.cluster_utils import Cluster  # noqa: E402  # once the path is right

sys.path.append(HERE)
from kills import code_of_ours  # noqa: E402  # once the path is right
from measure import BENCH, RESULTS, ROOT, Cache, Output, version  # noqa: E402  # once the path is right
from tests.kill.state import State, state  # noqa: E402  # once the path is right

KILLS, A_STORY = 50, 5
ROWS = RESULTS / "rows" / "kills_ray.jsonl"
FAULTS = ("lost", "repeated", "from_zero", "late")
# Judged: how soon a trial is taken over, and how long a story may take at all.
TAKEOVER_S, STORY_S = 15.0, 600.0
POLL_S, STARTS = 0.02, 5

FILE = """
[experiment]
name = "walk"
metric = "valid/loss"
max_steps = 24
trials = 10
evaluations = 12
train = "train.py:train"

[nuisance]
learning_rate = { low = 0.01, high = 0.3 }
"""
TRAIN = """
import json
import random
import time


def train(trial):
    noise, state = random.Random(trial.seed), {"step": -1, "weight": 1.0}

    def load(folder):
        kept = json.loads((folder / "state.json").read_text())
        state.update(step=kept["step"], weight=kept["weight"])
        version, inner, gauss = kept["noise"]
        noise.setstate((version, tuple(inner), gauss))

    def save(folder):
        kept = {**state, "noise": noise.getstate()}
        (folder / "state.json").write_text(json.dumps(kept))

    trial.restore(load)
    store = trial.folder.parents[2]
    with open(store / "ledger", "a") as ledger:
        line = {"id": trial.id, "after": state["step"], "at": time.time()}
        ledger.write(json.dumps({**line, "rehearsal": trial.is_rehearsal}) + "\\n")
    for step in trial.steps():
        time.sleep(1.0 if trial.is_rehearsal else 0.08)
        assert state["step"] == step - 1, f"step {step} follows {state['step']}"
        state["weight"] *= 1.0 - trial["learning_rate"] * noise.random()
        state["step"] = step
        trial.log(step, {"train/loss": state["weight"] / 2})
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": state["weight"]}, checkpoint=save)
"""
DRIVER = """
import json
import sys
import time

from etude.event import Began, Lost
from etude.round.run import run


class Watch:
    def begin(self, opening):
        pass

    def see(self, events):
        with open("events", "a") as file:
            for event in events:
                if isinstance(event, (Began, Lost)):
                    kind = type(event).__name__
                    detail = getattr(event, "detail", "")
                    line = {"kind": kind, "id": event.trial_id, "at": time.time()}
                    file.write(json.dumps({**line, "detail": detail}) + "\\n")

    def end(self):
        pass


run("walk.toml", runner=sys.argv[1], store="etude.db", observers=[Watch()])
"""


def lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file that others write."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


def children(mark: str, name: bytes) -> list[int]:
    """Processes of a cluster, by the mark in their environment, whose command has a name in it."""
    found = []
    for path in Path("/proc").iterdir():
        with suppress(OSError):
            if not path.name.isdecimal() or name not in (path / "cmdline").read_bytes():
                continue
            if mark.encode() in (path / "environ").read_bytes():
                found.append(int(path.name))
    return found


class Story:
    """One run on a cluster of its own, and the kills that strike it."""

    def __init__(self, place: Path, chance: Random) -> None:
        self.place, self.chance = place, chance
        place.mkdir(parents=True)
        for name, text in (("walk.toml", FILE), ("train.py", TRAIN), ("driver.py", DRIVER)):
            (place / name).write_text(text)
        self.mark = f"KILLS_RAY={place.name}"
        os.environ["KILLS_RAY"] = place.name  # what Ray starts inherits it
        self.cluster = Cluster()
        self._added(num_cpus=0, include_dashboard=False)
        self.nodes = [self._added(num_cpus=1) for _ in range(2)]
        self.faults: Counter[str] = Counter()
        self.said: list[str] = []
        self.kills: Counter[str] = Counter()
        self.before: State = {}
        self.begun = 0
        self.driver = self._typed()

    def _added(self, **options: Any) -> Any:
        """A new node; Ray gives it half a minute, which a busy machine needs more than once."""
        for _ in range(STARTS):
            with suppress(Exception):  # as Ray has it
                return self.cluster.add_node(**options)
        raise SystemExit(f"Ray could not start a node in {STARTS} tries.")

    def _typed(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        said = (self.place / "said").open("ab")
        return subprocess.Popen(
            [sys.executable, "driver.py", self.cluster.address],
            cwd=self.place,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            stdout=said,
            stderr=said,
        )

    def play(self) -> None:
        """Kills one after another, each once something trains again; then the run to its end."""
        ways = ["node in the rehearsal", "node", "actor", "driver"]
        ways += [self.chance.choice(("node", "actor"))]
        later = ways[1:]
        self.chance.shuffle(later)
        until_s = time.monotonic() + STORY_S
        try:
            for way in [ways[0], *later]:
                if not self._await_training(until_s, rehearsal=way == ways[0]):
                    break
                time.sleep(self.chance.random() * (0.5 if way == ways[0] else 2.0))
                self._strike(way)
            code = self.driver.wait(max(until_s - time.monotonic(), 1.0))
            self._fault("lost", [f"ended with {code}"] if code else [])
        except subprocess.TimeoutExpired:
            self._fault("lost", ["never ended"])
        finally:
            self.driver.kill()
            self.driver.wait()
            self.cluster.shutdown()
        self._judge_launch()

    def _await_training(self, until_s: float, *, rehearsal: bool) -> bool:
        """Waits until an attempt has begun since the last kill; False where the run is over."""
        while time.monotonic() < until_s and self.driver.poll() is None:
            new = lines(self.place / "ledger")[self.begun :]
            if any(line["rehearsal"] == rehearsal for line in new):
                return True
            time.sleep(POLL_S)
        return False

    def _strike(self, way: str) -> None:
        self._judge_launch()
        self.before, self.begun = state(self.place), len(lines(self.place / "ledger"))
        if way == "driver":
            self.driver.kill()
            self.driver.wait()
            self.before = state(self.place)
            self.driver = self._typed()
        elif way == "actor":
            actors = children(self.mark, b"ray::Worker")
            if not actors:
                return
            os.kill(self.chance.choice(actors), signal.SIGKILL)
        else:
            node = self.nodes.pop(self.chance.randrange(2))
            self.cluster.remove_node(node, allow_graceful=False)
            self.nodes.append(self._added(num_cpus=1))
        self.kills[way] += 1

    def _judge_launch(self) -> None:
        """What was trained again that was committed before the last kill."""
        again, zero = [], []
        for line in lines(self.place / "ledger")[self.begun :]:
            old = self.before.get(("walk", line["id"]))
            if line["rehearsal"] or old is None:
                continue
            last = old.last_checkpoint
            if old.ended or line["after"] < last:
                again.append(f"trial {line['id']} went on after {line['after']}, not {last}")
            if line["after"] < 0 <= last:
                zero.append(f"trial {line['id']} began again at 0, not after {last}")
        self._fault("repeated", again)
        self._fault("from_zero", zero)

    def judge(self, calm: State) -> dict[str, Any]:
        """What the end is, beside that of a run that nobody killed."""
        end = state(self.place)
        for key, right in calm.items():
            other = end.get(key)
            names = ("identity", "status", "steps", "points")
            wrong = [one for one in names if getattr(other, one, None) != getattr(right, one)]
            self._fault("lost", [f"{key}: {', '.join(wrong)}"] if wrong else [])
            doubles = other.doubles if other else 0
            self._fault("repeated", [f"{key}: {doubles} points twice"] if doubles else [])
        self._fault("repeated", [f"{key} is one too many" for key in end.keys() - calm.keys()])
        takeovers = list(self._takeovers())
        self._fault(
            "late", [f"taken over after {one:.1f} s" for one in takeovers if one > TAKEOVER_S]
        )
        return {
            "kills": self.kills.total(),
            "ways": dict(self.kills),
            **{name: self.faults[name] for name in FAULTS},
            "takeovers": [round(one, 2) for one in takeovers],
            "lines": self.said[:10],
        }

    def _takeovers(self) -> Iterator[float]:
        """Seconds from each loss to the next beginning of that trial."""
        events = lines(self.place / "events")
        for number, event in enumerate(events):
            later = (one for one in events[number:] if one["kind"] == "Began")
            again = next((one for one in later if one["id"] == event["id"]), None)
            if event["kind"] == "Lost" and again:
                yield again["at"] - event["at"]

    def _fault(self, name: str, said: list[str]) -> None:
        self.faults[name] += len(said)
        self.said += [f"{name}: {line}" for line in said]


def calm_state(place: Path) -> State:
    """The same run in one process, killed by nobody."""
    place.mkdir(parents=True)
    for name, text in (("walk.toml", FILE), ("train.py", TRAIN), ("driver.py", DRIVER)):
        (place / name).write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "driver.py", "inline"]
    subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
    return state(place)


def played(kills: int, cache: Cache, code: str) -> list[dict[str, Any]]:
    """Stories until there are so many kills; those of this code that were played are known."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="kills-ray-") as folder:
        calm: State = {}
        while sum(row["kills"] for row in rows) < kills:
            task = {"story": len(rows), "code": code}
            row = cache.get(task)
            if row is None:
                calm = calm or calm_state(Path(folder) / "calm")
                story = Story(Path(folder) / f"story-{len(rows)}", Random(f"ray {len(rows)}"))
                story.play()
                row = {**task, **story.judge(calm)}
                cache.add(row)
                _put_away(story.place, row)
            rows.append(row)
            print(f"  story {row['story']}: {row['kills']} kills {row['lines']}", file=sys.stderr)
    return rows


def _put_away(place: Path, row: dict[str, Any]) -> None:
    """Keeps the folder of a story that was wrong, for a person to look at."""
    if row["lines"]:
        shutil.rmtree(BENCH / "kills_ray" / place.name, ignore_errors=True)
        shutil.copytree(place, BENCH / "kills_ray" / place.name)


def summed(rows: list[dict[str, Any]], of: Callable[[list[float]], float]) -> float:
    takeovers = [one for row in rows for one in row["takeovers"]]
    return of(takeovers) if takeovers else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=KILLS, help="at least so many")
    parser.add_argument("--quick", action="store_true", help="one story, nothing kept")
    asked, code = parser.parse_args(), code_of_ours()
    output = Output("kills_ray", keep=not asked.quick)
    versions = f"Etude {version(sys.executable, 'etude')}, Ray {version(sys.executable, 'ray')}"
    output.say(f"{versions}, Python {sys.version.split()[0]}, {code}")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "rows" if asked.quick else BENCH / "kills_ray.jsonl"
        cache = Cache(path, ("story", "code"))
        rows = played(1 if asked.quick else asked.kills, cache, code)
    ways: Counter[str] = Counter()
    for row in rows:
        ways.update(row["ways"])
    figures = {name: sum(row[name] for row in rows) for name in ("kills", *FAULTS)}
    figures |= {"takeover_s": summed(rows, median), "takeover_max_s": summed(rows, max)}
    output.say("  " + ", ".join(f"{name} {count}" for name, count in ways.most_common()))
    for row in rows:
        for line in row["lines"]:
            output.say(f"  story {row['story']}: {line}")
    if not asked.quick:
        ROWS.parent.mkdir(parents=True, exist_ok=True)
        date = datetime.now(UTC).date().isoformat()
        line = {"code": code, "date": date, "stories": len(rows), **figures, "ways": dict(ways)}
        with ROWS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    output.end(figures)


if __name__ == "__main__":
    main()
