"""Trackers: is each point shown once, whatever dies, and what does a follower cost its run?

    python benchmarks/trackers.py            everything: an hour on a quiet 2-core machine
    python benchmarks/trackers.py --quick    small numbers, nothing kept: does it run?
    python benchmarks/trackers.py --only sent|cost

It goes on from what was done: remove `.bench/trackers.jsonl` to begin anew.

First a store is written as a run writes it, with trials that are resumed from a checkpoint, so that
points become void. It is followed meanwhile into W&B (offline files), TensorBoard and MLflow; the
follower is killed with -9 again and again. MLflow is a real server in an environment of its own,
behind a door on loopback that lets a request pass, refuses it, answers 500 before or after it was
done, or hangs. At the end the door is open, the follower catches up, and each tool's own reader
says what it shows; W&B's reads the files in an environment of its own, by an older release that
has it in Python. `sent_once` is the share of points shown exactly once and with their value,
`missing` those that are not shown at all.

Then a training in this process is timed with a follower beside it and without one, in turn:
`run_slowed` is the ratio of processor times of run and training together, the follower's not among
them, and `wall_slowed` the median ratio of the pairs' walls, up to the end of the last trial. That
is so with TensorBoard, and with MLflow behind a door that always hangs (`..._hanging`).
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from measure import BENCH, Cache, Output, child, peer, version

BARS = {
    "sent_once": 1.0,
    "missing": 0,
    "run_slowed": 1.02,
    "wall_slowed": 1.05,
    "run_slowed_hanging": 1.02,
    "wall_slowed_hanging": 1.05,
}
KINDS = ("mlflow", "tensorboard", "wandb")
NAME = "followed"
# Between two appends: kills are to fall while it is written.
PAUSE_S = 0.4
# How the door answers; most of the time it lets pass.
WEATHER = ("open", "open", "open", "shut", "500 before", "500 after", "hang")
EXPERIMENT = f"""
[experiment]
name = "{NAME}"
metric = "valid/loss"
max_steps = 400
trials = TRIALS
evaluations = 20
[nuisance]
learning_rate = {{ low = 0.001, high = 0.1, log = true }}
"""


# --- a store that is written


def write_store(path: Path, trials: int, seed: int, pause_s: float) -> None:
    """Writes what a run would: points, checkpoints, losses of workers, ends."""
    from etude.design.split import split
    from etude.experiment.entry import Entry, Launch
    from etude.experiment.toml.read import loads
    from etude.search.quasi_random import QuasiRandom
    from etude.store import open_store

    draw = random.Random(seed)
    text = EXPERIMENT.replace("TRIALS", str(trials))
    experiment = loads(text)
    launch = Launch(command="benchmark", folder=str(path), process=os.getpid(), started="now")
    (study,) = split(experiment)
    with closing(open_store(path)) as store:
        store.begin(Entry(experiment=experiment, text=text, launches=(launch,)))
        with store.own(NAME):
            store.reserve(NAME, study, QuasiRandom().moves(study, store.records(NAME), trials))
            print("begun", flush=True)
            for events in chain.from_iterable(trial_events(one, draw) for one in range(trials)):
                store.append(NAME, events)
                time.sleep(pause_s)


def trial_events(trial: int, draw: random.Random) -> Iterator[list[Any]]:
    """A trial of 400 steps; now and then its worker dies, and 40 steps are void."""
    from etude.event import Began, Ended, Logged, Lost, Saved

    step = 0
    yield [Began(trial, 0)]
    while step < 400:
        rows = [(one, "train/loss", draw.random()) for one in range(step, step + 20)]
        rows.append((step + 19, "valid/loss", draw.random()))
        step += 20
        yield [Logged(trial, tuple(rows)), Saved(trial, step - 1, 1.0)]
        if draw.random() < 0.1 and step > 60:
            step -= 40
            yield [Lost(trial, "killed", is_blamed=False), Began(trial, step)]
    is_infeasible = trial % 7 == 6
    yield [Ended(trial, "infeasible", "nan") if is_infeasible else Ended(trial, "completed")]


def stored(path: Path) -> Counter[tuple[int, int, str, float]]:
    """Every point of the store, with values as a float of 32 bits has them."""
    import numpy as np

    from etude.store import open_store

    points: Counter[tuple[int, int, str, float]] = Counter()
    with closing(open_store(path, create=False)) as store:
        for record in store.records(NAME):
            names = record.points.names
            for step, code, value in record.points.rows_P.tolist():
                points[record.id, step, names[code], float(np.float32(value))] += 1
    return points


# --- what the tools show


def in_tensorboard(path: Path) -> Iterator[tuple[int, int, str, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    study = path.with_name(f"{path.name}.tensorboard") / NAME / "all"
    for place in (one for one in study.iterdir() if one.is_dir()):
        reader = EventAccumulator(str(place), size_guidance={"scalars": 0})
        reader.Reload()
        for tag in (one for one in reader.Tags()["scalars"] if not one.startswith("best/")):
            yield from ((int(place.name), e.step, tag, e.value) for e in reader.Scalars(tag))


# Every point of the offline files below a folder, by W&B's own reader, a line of JSON each.
WANDB_READER = """
import json, re, sys
from pathlib import Path
import wandb
from wandb.proto.wandb_internal_pb2 import Record

wandb._set_internal_process()  # its reader is for the process that uploads
from wandb.sdk.internal.datastore import DataStore

for path in sorted(Path(sys.argv[1]).glob("wandb/offline-run-*/*.wandb")):
    name = re.fullmatch(r"run-\\w+?t(\\d+)", path.stem)
    if not name:  # the findings
        continue
    store = DataStore()
    store.open_for_scan(str(path))
    while (data := store.scan_data()) is not None:
        record = Record.FromString(data)
        if record.WhichOneof("record_type") != "history":
            continue
        row = {one.key or "/".join(one.nested_key): one.value_json for one in record.history.item}
        for key, value in row.items():
            if not key.startswith("_"):
                step = int(row.get("_step", record.history.step.num))
                print(json.dumps([int(name[1]), step, key, float(value)]))
"""


def in_wandb(path: Path) -> Iterator[tuple[int, int, str, float]]:
    folder = path.with_name(f"{path.name}.wandb")
    command = [peer("wandb"), "-W", "ignore", "-c", WANDB_READER, folder]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    for line in done.stdout.splitlines():
        trial, step, name, value = json.loads(line)
        yield trial, step, name, value


def in_mlflow(address: str) -> Iterator[tuple[int, int, str, float]]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(address)
    experiment = client.get_experiment_by_name(NAME)
    assert experiment is not None
    for run in client.search_runs([experiment.experiment_id], max_results=1000):
        trial = run.data.tags.get("etude/trial")
        for name in run.data.metrics if trial else ():
            for point in client.get_metric_history(run.info.run_id, name):
                yield int(trial), point.step, name, point.value


def judged(path: Path, shown: Iterator[tuple[int, int, str, float]]) -> tuple[int, int, int, int]:
    """The points of the store, those shown exactly once, those not shown, and those too many."""
    import numpy as np

    expected = stored(path)
    seen = Counter((trial, step, name, float(np.float32(v))) for trial, step, name, v in shown)
    once = sum(seen[point] == 1 for point in expected)
    missing = sum(seen[point] == 0 for point in expected)
    return len(expected), once, missing, (seen - expected).total()


# --- the door before the server


class Door:
    """Stands between the follower and a server, in any weather."""

    def __init__(self, target: int, draw: random.Random) -> None:
        self.weather, self.count = "open", Counter[str]()
        self._target, self._draw = target, draw
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                door.answer(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def change(self) -> None:
        self.weather = self._draw.choice(WEATHER)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        weather = self.weather
        self.count[weather] += 1
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length) if length else None
        if weather == "shut":
            request.connection.close()
            return
        if weather == "500 before":
            self._say(request, 500, b"{}")
            return
        code, content = self._passed(request, body)
        if weather == "hang":  # it is done, and nobody hears of it
            time.sleep(12)
        if weather == "500 after":
            code, content = 500, b"{}"
        self._say(request, code, content)

    def _passed(self, request: BaseHTTPRequestHandler, body: bytes | None) -> tuple[int, bytes]:
        url = f"http://127.0.0.1:{self._target}{request.path}"
        kept = {k: v for k, v in request.headers.items() if k.lower() == "content-type"}
        passed = urllib.request.Request(url, body, kept, method=request.command)
        try:
            with urllib.request.urlopen(passed, timeout=120) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    @staticmethod
    def _say(request: BaseHTTPRequestHandler, code: int, content: bytes) -> None:
        try:
            request.send_response(code)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            request.wfile.write(content)
        except OSError:  # the follower was killed, or has waited long enough
            pass


@contextmanager
def mlflow_server(folder: Path) -> Iterator[int]:
    """A real server in an environment of its own; its port."""
    python = peer("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [python.with_name("mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--workers", "1"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield port
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


# --- each point once


@dataclass
class Trial:
    """A store that is written and followed into one tool by followers that are killed."""

    kind: str
    store: Path
    trials: int
    seed: int
    environment: dict[str, str]
    door: Door | None = None

    def follow(self, kills: int) -> None:
        draw = random.Random(self.seed)
        writer = self._writer()
        command = [sys.executable, "-W", "ignore", "-m", "etude", "track", self.kind, NAME]
        command += ["--store", str(self.store)]
        for _ in range(kills):
            self._change()
            process = subprocess.Popen(
                command, env=self.environment, stdout=subprocess.DEVNULL, start_new_session=True
            )
            _wait_for_places(self.store, draw)
            for _ in range(draw.randrange(3)):
                self._change()
                time.sleep(draw.random())
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if self.door:
            self.door.weather = "open"
        writer.wait()
        patient = {**self.environment, "MLFLOW_HTTP_REQUEST_TIMEOUT": "60"}
        last = subprocess.run(command, env=patient, capture_output=True, text=True)
        assert last.returncode == 0, last.stdout + last.stderr

    def _writer(self) -> subprocess.Popen[bytes]:
        """The process that writes the store, once it has begun."""
        asked = ["--write", str(self.store), str(self.trials), str(self.seed)]
        writer = subprocess.Popen([sys.executable, __file__, *asked], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        return writer

    def _change(self) -> None:
        if self.door:
            self.door.change()


def sent(kind: str, folder: Path, *, trials: int, kills: int, seed: int) -> tuple[Any, str]:
    environment = {**os.environ, "WANDB_MODE": "offline", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
    trial = Trial(kind, folder / "etude.db", trials, seed, environment)
    if kind == "mlflow":
        with mlflow_server(folder) as port:
            trial.door = Door(port, random.Random(seed))
            environment["MLFLOW_TRACKING_URI"] = trial.door.address
            trial.follow(kills)
            counts = judged(trial.store, in_mlflow(f"http://127.0.0.1:{port}"))
    else:
        trial.follow(kills)
        reader = in_wandb if kind == "wandb" else in_tensorboard
        counts = judged(trial.store, reader(trial.store))
    return counts, f"; requests: {dict(trial.door.count)}" if trial.door else ""


def _wait_for_places(store: Path, draw: random.Random) -> None:
    """Waits until the follower has noted something, so that kills do not all fall on its start."""
    folder = store.with_name(f"{store.name}.tracking")
    before = _stamps(folder)
    for _ in range(200):
        if _stamps(folder) != before:
            break
        time.sleep(0.1)
    time.sleep(draw.random())


def _stamps(folder: Path) -> list[float]:
    return [path.stat().st_mtime for path in sorted(folder.glob("*/*.db-wal"))]


# --- what a follower costs its run


COST = """
import json, sys, time
from pathlib import Path
import numpy as np
import etude
from etude.cli.followers import Followers

store, kind, trials, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
matrix = np.random.default_rng(0).normal(size=(160, 160))

def train(trial):
    for step in trial.steps():
        for _ in range(8):
            value = float(np.tanh(matrix @ matrix).mean())
        trial.log(step, {"train/loss": abs(value) + 1 / (1 + step), "grad_norm": 1.0})
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": 1 / (1 + step)})

class Clock:
    def begin(self, opening): pass
    def see(self, events): self.last = time.perf_counter(), time.process_time()
    def end(self): pass

experiment = etude.Experiment(
    name="cost", metric="valid/loss", max_steps=steps, trials=trials,
    nuisance={"learning_rate": etude.Real(0.001, 0.1, log=True)},
)
clock = Clock()
follows = kind != "none"
say = lambda line: print(line, file=sys.stderr)
followers = [Followers([kind], store, "", say)] if follows else []
begin = time.perf_counter(), time.process_time()
etude.run(experiment, train, store=store, observers=[clock, *followers])
end_s = time.perf_counter() - clock.last[0]
print(json.dumps({
    "wall_s": clock.last[0] - begin[0], "cpu_s": clock.last[1] - begin[1], "end_s": end_s,
}))
"""


def pair_of(folder: Path, kind: str, number: int, steps: int) -> dict[str, Any]:
    """One run with a follower and one without, the first of them in turn."""
    script = folder / "cost.py"
    script.write_text(COST)
    said = {}
    for case in ("none", kind) if number % 2 else (kind, "none"):
        store = folder / f"{kind}-{case}-{number}.db"
        command = [sys.executable, "-W", "ignore", script, store, case, "2", str(steps)]
        said[case] = child(command).said
    return said


def cost(
    folder: Path, kind: str, cache: Cache, *, pairs: int, steps: int, output: Output
) -> dict[str, float]:
    timed: dict[str, list[dict[str, float]]] = {"none": [], kind: []}
    for number in range(pairs):
        task = {"part": f"cost {number}", "kind": kind, "size": steps}
        known = cache.get(task)
        if known is None:
            known = {**task, "said": pair_of(folder, kind, number, steps)}
            cache.add(known)
        for case, said in known["said"].items():
            timed[case].append(said)
    ratios = {
        key: [
            with_one[key] / without[key]
            for with_one, without in zip(timed[kind], timed["none"], strict=True)
        ]
        for key in ("cpu_s", "wall_s")
    }
    total = {case: sum(one["cpu_s"] for one in runs) for case, runs in timed.items()}
    output.say()
    output.say(f"{pairs} pairs, with a follower ({kind}) and without, seconds (median)")
    for case, runs in timed.items():
        cells = "".join(f"{median(one[key] for one in runs):9.2f}" for key in ("cpu_s", "wall_s"))
        end_s = median(one["end_s"] for one in runs)
        output.say(f"  {case:12} processor, wall{cells}; the end after the last trial {end_s:.2f}")
    for key, values in ratios.items():
        output.say(f"  {key} ratios: {' '.join(f'{value:.3f}' for value in sorted(values))}")
    return {
        "run_slowed": total[kind] / total["none"],
        "run_slowed_median": median(ratios["cpu_s"]),
        "wall_slowed": median(ratios["wall_s"]),
    }


def cost_hanging(
    folder: Path, cache: Cache, *, pairs: int, steps: int, output: Output
) -> dict[str, float]:
    """The same with MLflow, whose server does all it is asked and answers too late."""
    with mlflow_server(folder) as port:
        door = Door(port, random.Random(0))
        door.weather = "hang"
        os.environ["MLFLOW_TRACKING_URI"] = door.address
        figures = cost(folder, "mlflow", cache, pairs=pairs, steps=steps, output=output)
        output.say(f"  requests: {dict(door.count)}")
    return {f"{name}_hanging": figure for name, figure in figures.items()}


def _each_once(folder: Path, output: Output, cache: Cache, *, is_quick: bool) -> dict[str, float]:
    trials, kills = (3, 2) if is_quick else (20, 20)
    results = []
    for number, kind in enumerate(KINDS):
        task = {"part": "shown", "kind": kind, "size": trials}
        known = cache.get(task)
        if known is None:
            place = folder / kind
            place.mkdir()
            counts, weather = sent(kind, place, trials=trials, kills=kills, seed=number)
            known = {**task, "counts": counts, "weather": weather}
            cache.add(known)
        points, once, missing, extra = known["counts"]
        output.say(
            f"{kind:12}{trials:7} trials{points:8} points{kills:5} kills: {once} once, "
            f"{missing} missing, {extra} too many{known['weather']}"
        )
        results.append(known["counts"])
    points, once, missing, extra = (sum(part) for part in zip(*results, strict=True))
    return {"sent_once": once / points, "missing": missing, "extra": extra}


def _head(output: Output, note: str) -> None:
    packages = ("etude", "wandb", "mlflow-skinny", "tensorboard")
    versions = [f"{one} {version(sys.executable, one)}" for one in packages]
    versions.append(f"MLflow's server {version(peer('mlflow'), 'mlflow')}")
    versions.append(f"W&B's reader {version(peer('wandb'), 'wandb')}")
    for line in (note, f"{', '.join(versions)}, Python {sys.version.split()[0]}", ""):
        output.say(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small numbers, nothing kept")
    parser.add_argument("--only", choices=("sent", "cost"), help="one part, nothing kept")
    parser.add_argument("--write", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--note", default="", help="a line on the machine, kept")
    chosen = parser.parse_args()
    if chosen.write:
        path, trials, seed = chosen.write
        return write_store(Path(path), int(trials), int(seed), PAUSE_S)
    output = Output("trackers", keep=not (chosen.quick or chosen.only))
    _head(output, chosen.note)
    figures: dict[str, float] = {}
    cache = Cache(BENCH / "trackers.jsonl", ("part", "kind", "size"))
    with tempfile.TemporaryDirectory() as folder:
        if chosen.only != "cost":
            figures |= _each_once(Path(folder), output, cache, is_quick=chosen.quick)
        if chosen.only != "sent":
            pairs, steps = (2, 200) if chosen.quick else (10, 400)
            given = {"pairs": pairs, "steps": steps, "output": output}
            figures |= cost(Path(folder), "tensorboard", cache, **given)
            figures |= cost_hanging(Path(folder), cache, **given)
    output.say()
    output.say(f"bars: {json.dumps(BARS)}")
    output.end(figures)


if __name__ == "__main__":
    main()
