"""Hostile inputs over every command and every importer: what they do to whoever types it.

    python benchmarks/hostile.py [--inputs 240] [--seed 0] [--no-result]

Inputs are made from a seed in five kinds: experiment files, stores, files and folders of other
tools, baselines and values to compare, and paths that are no files. Each is given to a command in a
process of its own with a limit on its processor time, and counted: tracebacks, hangs (over 10 s of
processor time), control signs on the terminal, and scripts that a page runs in a headless Chromium,
where one is on the PATH.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

if __package__ is None or __package__ == "":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measure import Output

import etude.cli

# What counts as a hang, in seconds of processor time; a limit behind it ends it.
HANG_S, LIMIT_S, WALL_S = 10, 14, 240
# Line ends and tabs may stand there; whatever else acts on a terminal may not.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# Set as the title of a page by a script that it should not have run.
MARK = "etude-ran-a-script"
SCRIPT = f"<script>document.title='{MARK}'</script><img src=x onerror=\"document.title='{MARK}'\">"
TEXTS = [
    SCRIPT,
    f"</script>{SCRIPT}",
    f"\"'>{SCRIPT}",
    "\\u001b[2J\\u001b]0;x\\u0007",
    "\\u009b31m",
    "\\u202eabc",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "x" * 5000,
    "a\\nb",
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "\\uFFFF",
    "%s%n",
    "../../etc/passwd",
    "`ls`",
    "\\r\\nSet: x",
    "🦊" * 50,
    "\\u0000",
    "<!--",
    "]]>",
    "${HOME}",
]
TRAIN = """
import json
def train(trial):
    state = {"w": 1.0}
    trial.restore(lambda path: state.update(json.loads((path / "state.json").read_text())))
    for step in trial.steps():
        state["w"] *= 1 - trial["x"] / 10
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": state["w"]},
                         checkpoint=lambda path: save(path, state))
def save(path, state):
    (path / "state.json").write_text(json.dumps(state))
"""
EXPERIMENT = """[experiment]
name = "walk"
question = "Which?"
metric = "valid/loss"
max_steps = 20
evaluations = 5
trials = 4
train = "train.py:train"

[scientific]
kind = ["a", "b"]

[nuisance]
x = { low = 0.1, high = 1.0 }

[fixed]
size = 3
"""
LOADED = (
    "etude.cli.app",
    "etude.round.run",
    "etude.round.result",
    "etude.report.page",
    "etude.connect.importer",
    "etude.cli.output",
    "etude.procedure.launch",
    "altair",
    "pandas",
    "scipy.stats",
    "vl_convert",
)
COLUMNS = (
    "inputs",
    "commands",
    "refused",
    "tracebacks",
    "hangs",
    "scripts_run",
    "control_characters",
)
READERS = (
    *("csv", "kerastuner", "lightning", "mlflow", "optuna", "raytune", "tensorboard", "wandb"),
)
ASKED = (
    ("trials",),
    ("trials", "--csv", "-"),
    ("check", "--all"),
    ("check", "--json"),
    ("log",),
    ("log", "--json"),
    ("report", "-o", "page.html"),
    ("next", "-o", "next.toml"),
    ("compare", "walk", "walk:1"),
    ("adopt",),
)
BASELINE = """[setting]
x = 0.5
[[line]]
adopted = "2026-01-01T00:00:00+00:00"
experiment = "walk"
trial = 1
metric = "valid/loss"
maximize = false
value = 0.5
trainings = 5
max_steps = 20
evaluations = 5
evidence = "none"
complexity = ""
train = "train.py:train"
folder = "."
starting_point = false
[line.setting]
x = 0.5
"""


@dataclass(frozen=True)
class Input:
    """One hostile input: how its folder is laid out, and what is typed there in turn."""

    kind: str
    what: str
    make: Callable[[Path], None]
    typed: tuple[tuple[str, ...], ...]


@dataclass
class Outcome:
    """What came of an input."""

    tracebacks: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    control: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)


# --- inputs


def experiments(rng: random.Random) -> Input:
    """An experiment file with a hostile text, type, shape or name somewhere in it."""
    name, text = rng.choice(
        [_with_text, _with_text, _with_type, _with_shape, _with_name, _with_bytes]
    )(rng)

    def make(folder: Path) -> None:
        (folder / "bad.toml").write_bytes(text)

    run = ("run", "bad.toml", "--runner", "inline")
    typed = (("plan", "bad.toml"), run, ("report", "-o", "page.html"), rng.choice(ASKED))
    return Input("experiment", name, make, typed)


def _with_text(rng: random.Random) -> tuple[str, bytes]:
    sign = rng.choice(TEXTS).replace("'", "\u2019").replace('"', "\\u0022")
    place = rng.choice(
        ["Which?", "valid/loss", '"a"', "size", "[fixed]\n", '"walk"', "train.py:train"]
    )
    new = {
        '"a"': f'"{sign}"',
        "size": f'"{sign}"',
        "[fixed]\n": f'notes = "{sign}"\n[fixed]\n',
        '"walk"': f'"{sign}"',
    }.get(place, sign)
    text = EXPERIMENT.replace(place, new, 1)
    if place == "[fixed]\n":
        text = EXPERIMENT.replace("trials = 4", f'trials = 4\nnotes = "{sign}"')
    return f"{place.strip()!r} is {sign[:30]!r}", text.encode()


def _with_type(rng: random.Random) -> tuple[str, bytes]:
    key = rng.choice(
        [
            "name",
            "metric",
            "max_steps",
            "evaluations",
            "trials",
            "train",
            "seed",
            "search",
            "schedule",
            "studies",
            "constraints",
            "observed",
            "acknowledge",
            "parent",
            "baseline",
        ]
    )
    value = rng.choice(
        [
            '["a"]',
            "{a = 1}",
            "nan",
            "-inf",
            "2026-01-01",
            "true",
            "[]",
            "[[1]]",
            '"\\u0000"',
            '".."',
            '"a/b"',
            "-1",
            "0",
            "1e308",
            '"CON"',
        ]
    )
    lines = [line for line in EXPERIMENT.splitlines() if not line.startswith(f"{key} =")]
    lines.insert(1, f"{key} = {value}")
    return f"{key} = {value[:20]}", "\n".join(lines).encode()


def _with_shape(rng: random.Random) -> tuple[str, bytes]:
    n = rng.choice([3000, 20_000, 100_000])
    shapes = {
        "blank lines": "\n" * n,
        "lines of a space": " \n" * n,
        "comments": "#\n" * n,
        "nested lists": "notes2 = [\n" + "[1],\n" * (n // 10) + "]\n",
        "deep lists": f"d = {'[' * n}{']' * n}\n",
        "deep key": "x." * n + "y = 1\n",
        "constraint": 'constraints = ["x' + " < x" * 120 + '"]\n',
        "conjunction": 'constraints = ["' + " and ".join(["x<1"] * 62) + '"]\n',
        "unknown keys": "".join(f"k{at} = 1\n" for at in range(n // 100)),
        "quotes": 'question2 = """' + '\\"' * n + '"""\n',
        "digits": f"k = {'1' * n}\n",
        "long name": "k" * n + " = 1\n",
    }
    name = rng.choice(sorted(shapes))
    return f"{n:,} of {name}", EXPERIMENT.replace(
        "[scientific]", shapes[name] + "[scientific]"
    ).encode()


def _with_name(rng: random.Random) -> tuple[str, bytes]:
    name = rng.choice(["x" * 300, "..", "a/b", "CON", "é", " ", "-x", ".x", "x" * 200, "\\u0007"])
    return f"name = {name[:20]!r}", EXPERIMENT.replace('"walk"', f'"{name}"').encode()


def _with_bytes(rng: random.Random) -> tuple[str, bytes]:
    ways: dict[str, Callable[[str], bytes]] = {
        "UTF-16": lambda text: text.encode("utf-16"),
        "no UTF-8": lambda text: text.encode() + b"# \xff\xfe",
        "a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
        "carriage returns": lambda text: text.replace("\n", "\r\n").encode(),
        "lone carriage returns": lambda text: text.replace("\n", "\r").encode(),
        "zero bytes": lambda text: text.encode().replace(b" ", b"\0"),
        "cut": lambda text: text.encode()[: rng.randrange(len(text))],
        "shaken": lambda text: bytes(rng.choice(text.encode()) for _ in text),
        "nothing": lambda text: b"",
    }
    name = rng.choice(sorted(ways))
    return name, ways[name](EXPERIMENT)


def stores(rng: random.Random) -> Input:
    """A store with a cell, a page or a whole file that is not what it was."""
    table = rng.choice(
        ["experiment", "launch", "trial", "checkpoint", "metric", "chunk", "stretch"]
    )
    at = rng.random()
    value: bytes | str | float | None = rng.choice(
        [
            b"\x01\x02\x03\x04\x05\x06\x07",
            b"\xff" * 20,
            "{",
            "abc",
            "\x1b[2J",
            SCRIPT,
            -7,
            2**62,
            1e300,
            None,
            "[]",
            "{}",
        ]
    )
    pages = rng.random() < 0.2

    def make(folder: Path) -> None:
        if pages:
            data = bytearray((folder / "etude.db").read_bytes())
            for _ in range(40):
                data[rng.randrange(100, len(data))] = rng.randrange(256)
            (folder / "etude.db").write_bytes(data)
            return
        with sqlite3.connect(folder / "etude.db", isolation_level=None) as db:
            db.execute("pragma writable_schema = on")
            db.execute("update sqlite_master set sql = replace(sql, ' not null', '')")
        with sqlite3.connect(folder / "etude.db", isolation_level=None) as db:
            columns = [row[1] for row in db.execute(f"pragma table_info({table})")]
            column = columns[int(at * len(columns))]
            try:
                first = f"select min({columns[0]}) from {table}"
                db.execute(
                    f"update or ignore {table} set {column} = ? where {columns[0]} is ({first})",
                    (value,),
                )
            except sqlite3.DatabaseError:
                db.execute("update trial set steps = 'abc'")

    what = "pages" if pages else f"{table}, column at {at:.2f}: {value!r:.30}"
    run = ("run", "walk.toml", "--runner", "inline")
    return Input("store", what, make, (*rng.sample(ASKED, 3), run))


def folders(rng: random.Random) -> Input:
    """A folder or a file for an importer: links, pipes, devices, damaged and hostile files."""
    kind = rng.choice(READERS)
    name = rng.choice(sorted(_FOLDERS))
    seed = rng.random()

    def make(folder: Path) -> None:
        _FOLDERS[name](folder / "source", random.Random(seed), kind)

    typed = ("import", kind, "source", "--name", "imported", "--metric", "m")
    report = ("report", "-o", "page.html")
    return Input(f"import {kind}", name, make, (typed, report, rng.choice(ASKED[:8])))


def _links(source: Path, rng: random.Random, kind: str) -> None:
    source.mkdir()
    for one, other in (("b", "loop"), ("loop", "b"), ("a", "."), ("c", "a/c"), ("out", "/etc")):
        (source / one).symlink_to(other)
    for at in range(rng.choice([3, 300])):
        (source / f"run-{at}").symlink_to(".")


def _pipe(source: Path, rng: random.Random, kind: str) -> None:
    os.mkfifo(source)


def _device(source: Path, rng: random.Random, kind: str) -> None:
    source.symlink_to(rng.choice(["/dev/zero", "/dev/full", "/dev/null", "/proc/self/mem"]))


def _pipes_inside(source: Path, rng: random.Random, kind: str) -> None:
    source.mkdir()
    for one in (
        "trials.csv",
        "curves.csv",
        "space.toml",
        "events.out.tfevents.1",
        "meta.yaml",
        "x.csv",
    ):
        os.mkfifo(source / one)
    (source / "run-1-a" / "files").mkdir(parents=True)
    os.mkfifo(source / "run-1-a" / "files" / "config.yaml")
    os.mkfifo(source / "experiment_state-1.json")
    (source / "trial").mkdir()
    os.mkfifo(source / "trial" / "result.json")


def _chance(source: Path, rng: random.Random, kind: str) -> None:
    source.mkdir()
    names = [
        "trials.csv",
        "curves.csv",
        "space.toml",
        "events.out.tfevents.1",
        "experiment_state-1.json",
    ]
    names += [
        "0/meta.yaml",
        "0/r/meta.yaml",
        "run-1-a/files/config.yaml",
        "run-1-a/run-a.wandb",
        "t/result.json",
    ]
    for one in names:
        (source / one).parent.mkdir(parents=True, exist_ok=True)
        (source / one).write_bytes(rng.randbytes(rng.choice([0, 1, 100, 100_000])))


def _sparse(source: Path, rng: random.Random, kind: str) -> None:
    source.mkdir()
    for one in (
        "trials.csv",
        "curves.csv",
        "x.csv",
        "events.out.tfevents.1",
        "experiment_state-1.json",
    ):
        (source / one).touch()
        os.truncate(source / one, 1 << 30)


def _texts(source: Path, rng: random.Random, kind: str) -> None:
    source.mkdir()
    text = (
        rng.choice(TEXTS).encode().decode("unicode_escape", "replace")
        if rng.random() < 0.5
        else rng.choice(TEXTS)
    )
    cell = '"' + text.replace('"', '""') + '"'
    rows = "".join(
        f"{cell if at == 3 else at},0.{at + 1},{cell if at % 2 else 'b'}\n" for at in range(8)
    )
    (source / "trials.csv").write_text(f"trial,lr,{cell}\n{rows}", errors="replace")
    curves = "".join(f"{cell if at == 3 else at},1,m,{at}\n{at},1,{cell},{at}\n" for at in range(8))
    (source / "curves.csv").write_text(f"trial,step,metric,value\n{curves}", errors="replace")


def _mlflow(source: Path, rng: random.Random, kind: str) -> None:
    text = rng.choice(TEXTS)
    (source / "0").mkdir(parents=True)
    (source / "0" / "meta.yaml").write_text(f"name: '{text[:200]}'\n")
    for at in range(4):
        run = source / "0" / f"r{at}"
        (run / "params").mkdir(parents=True)
        (run / "metrics").mkdir()
        (run / "meta.yaml").write_text(f"run_id: r{at}\nstatus: 3\nlifecycle_stage: active\n")
        (run / "params" / "lr").write_text(text if at else "0.1")
        (run / "metrics" / "m").write_text(
            rng.choice(["1 0.5 0\n", "1 nan 0\n", "x y z\n", "1 " + "9" * 5000 + " 0\n"])
        )


def _wide(source: Path, rng: random.Random, kind: str) -> None:
    source.mkdir()
    n = 2000
    (source / "trials.csv").write_text(
        "trial,"
        + ",".join(f"h{at}" for at in range(n))
        + "\na"
        + ",1" * n
        + "\nb"
        + ",2" * n
        + "\n"
    )
    (source / "curves.csv").write_text("trial,step,metric,value\na,1,m,1\nb,1,m,2\n")


def _space(source: Path, rng: random.Random, kind: str) -> None:
    source.mkdir()
    (source / "trials.csv").write_text("trial,x\na,0.5\nb,0.7\n")
    (source / "curves.csv").write_text("trial,step,metric,value\na,1,m,1\nb,1,m,2\n")
    lines = rng.choice(
        ["\n" * 10_000, " \n" * 10_000, "x.\n", "\0", "[[[", '"a".' * 10_000 + "b = 1\n"]
    )
    (source / "space.toml").write_text(f"[nuisance]\n{lines}x = {{ low = 0.1, high = 1 }}\n")


def _deep(source: Path, rng: random.Random, kind: str) -> None:
    source.mkdir()
    inner = "[" * 100_000 if rng.random() < 0.5 else '{"a":' * 50_000
    (source / "experiment_state-1.json").write_text(inner)
    (source / "t").mkdir()
    (source / "t" / "result.json").write_text(inner)
    (source / "t" / "params.json").write_text(inner)
    (source / "0").mkdir()
    (source / "0" / "meta.yaml").write_text(
        "a:\n" + "".join(f"{' ' * at}b:\n" for at in range(1, 500))
    )


def _journal(source: Path, rng: random.Random, kind: str) -> None:
    lines = ['{"op_code": 0, "worker_id": "w", "study_name": "s", "directions": [1]}']
    lines += [
        rng.choice(
            ['{"op_code": 4}', "{", "[]", "null", '{"op_code": "x"}', '{"op_code": 99}', "1" * 5000]
        )
    ]
    source.write_text("\n".join(lines * rng.choice([1, 1000])))


def _database(source: Path, rng: random.Random, kind: str) -> None:
    with sqlite3.connect(source) as db:
        for one in (
            "studies",
            "trials",
            "experiments",
            "runs",
            "metrics",
            "params",
            "tags",
            "study_directions",
        ):
            db.execute(f"create table {one}(a, b, c)")
            db.execute(f"insert into {one} values(?, ?, ?)", (None, b"\xff", SCRIPT))


_FOLDERS: dict[str, Callable[[Path, random.Random, str], None]] = {
    "links in circles": _links,
    "a pipe": _pipe,
    "a device": _device,
    "pipes inside": _pipes_inside,
    "bytes of chance": _chance,
    "files of a gigabyte": _sparse,
    "hostile texts": _texts,
    "hostile runs": _mlflow,
    "many columns": _wide,
    "a hostile space": _space,
    "deep nesting": _deep,
    "a hostile journal": _journal,
    "another database": _database,
}


def kept(rng: random.Random) -> Input:
    """A baseline, or values to compare, that somebody changed."""
    line = rng.choice([one for one in BASELINE.splitlines() if "=" in one])
    value = rng.choice(
        [
            '"\\u001b[2J"',
            "[1]",
            "nan",
            "{a = 1}",
            "-1",
            '"x"',
            "9" * 400,
            "true",
            f"'{SCRIPT.replace(chr(39), '')}'",
        ]
    )
    shape = rng.choice(["", "", "\n" * 10_000, "[[line]]\n" * 1000])
    text = BASELINE.replace(line, f"{line.partition(' =')[0]} = {value}", 1) + shape
    values = rng.choice(
        [
            "nan\n" * 9,
            "x\n",
            "",
            "1\n" * 100_000,
            "\x1b[2J\n",
            "1e999\n-1e999\n",
            "0x1p3\n",
            "1_0\n",
        ]
    )

    def make(folder: Path) -> None:
        (folder / "baseline.toml").write_text(text)
        (folder / "values.txt").write_text(values)
        (folder / "based.toml").write_text(
            EXPERIMENT.replace("seed = 0", "").replace(
                '"walk"', '"based"\nbaseline = "baseline.toml"'
            )
        )

    commands = (
        ("launch",),
        ("adopt",),
        ("log",),
        ("plan", "based.toml"),
        ("compare", "values.txt", "values.txt"),
    )
    return Input("baseline", f"{line[:20]} becomes {value[:20]}", make, commands)


def paths(rng: random.Random) -> Input:
    """A path that is no file, in the place of each file that a command takes."""
    place = rng.choice(["pipe", "device", "folder", "circle", "long", "missing", "memory"])

    def make(folder: Path) -> None:
        {
            "pipe": lambda path: os.mkfifo(path),
            "device": lambda path: path.symlink_to("/dev/zero"),
            "folder": lambda path: path.mkdir(),
            "circle": lambda path: path.symlink_to(path.name),
        }.get(place, lambda path: None)(folder / "it")

    it = {"long": "x" * 300, "memory": "/proc/self/mem"}.get(place, "it")
    commands = [
        ("plan", it),
        ("run", it),
        ("trials", "--store", it),
        ("run", "walk.toml", "--store", it, "--runner", "inline"),
        ("check", "--store", it),
        ("report", "--store", it),
        ("compare", it, "walk"),
        ("adopt", "--baseline", it),
        ("launch", "--baseline", it),
        ("log", "--store", it),
        ("import", rng.choice(READERS), it, "--name", "i", "--metric", "m"),
        ("new", it),
        ("trials", it),
        ("check", it),
    ]
    return Input("path", place, make, tuple(rng.sample(commands, 4)))


MAKERS = (experiments, experiments, stores, stores, folders, folders, folders, kept, paths)


def inputs(seed: int, count: int) -> Iterator[Input]:
    """So many inputs, no two of the same kind and description."""
    rng, seen = random.Random(seed), set()
    while len(seen) < count:
        one = MAKERS[len(seen) % len(MAKERS)](rng)
        mark = (one.kind, one.what, one.typed)
        if mark not in seen:
            seen.add(mark)
            yield one


# --- playing


def play(one: Input, sound: Path, folder: Path, chromium: str | None) -> Outcome:
    """What an input does in a folder of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sound, folder)
    one.make(folder)
    outcome = Outcome()
    for typed in one.typed:
        code, said, cpu_s = command(typed, folder)
        shown = " ".join(typed)[:60]
        outcome.codes[code] += 1
        if "Traceback (most recent call last)" in said and "train.py" not in said:
            outcome.tracebacks.append(f"{shown}: {said.strip().splitlines()[-1][:160]}")
        if cpu_s > HANG_S:
            outcome.hangs.append(f"{shown}: {cpu_s:.0f} s")
        if CONTROL.search(said):
            outcome.control.append(f"{shown}: {CONTROL.search(said)[0]!r}")  # type: ignore[index]  # found above
    for page in folder.glob("*.html") if chromium else ():
        if runs_script(page, str(chromium)):
            outcome.scripts.append(page.name)
    return outcome


def command(typed: tuple[str, ...], folder: Path) -> tuple[int, str, float]:
    """Exit code, what was printed, and the processor time of a command and its children.

    It runs in a fork of this process, which has loaded what commands load: starting Python anew
    would be most of the time.
    """
    printed = folder.parent / "printed.txt"
    child = os.fork()
    if child == 0:
        perform(typed, folder, printed)
    begin = time.monotonic()
    while not (ended := os.wait4(child, os.WNOHANG))[0]:
        if time.monotonic() - begin > WALL_S:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.01)
    _, status, used = ended
    said = printed.read_bytes().decode("utf-8", "backslashreplace")
    if time.monotonic() - begin > WALL_S:
        return -9, said, float(WALL_S)
    return os.waitstatus_to_exitcode(status), said, used.ru_utime + used.ru_stime


def perform(typed: tuple[str, ...], folder: Path, printed: Path) -> None:
    """Is the command, in a child of its own; never comes back."""
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        out = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S + 2))
        sys.argv = ["etude", *typed]
        etude.cli.main()
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:  # noqa: BLE001  # whatever it is: it is what is counted
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def runs_script(page: Path, chromium: str) -> bool:
    """Whether the page runs a script of its data."""
    shown = subprocess.run(
        [
            chromium,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--virtual-time-budget=3000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=False,
    )
    title = re.search(rb"<title>(.*?)</title>", shown.stdout, re.DOTALL)
    return title is not None and title[1].strip() == MARK.encode()


def sound_folder(folder: Path) -> None:
    """A folder in which an experiment was played, sound in every way."""
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(TRAIN)
    (folder / "walk.toml").write_text(EXPERIMENT)
    code, said, _ = command(("run", "walk.toml", "--runner", "inline"), folder)
    if code:
        raise SystemExit(said)
    with sqlite3.connect(folder / "etude.db") as db:
        db.execute("pragma wal_checkpoint(truncate)")


def load() -> None:
    """Loads what commands load: every fork begins with it."""
    for name in LOADED:
        importlib.import_module(name)


def counts_of(outcome: Outcome) -> Counter[str]:
    return Counter(
        inputs=1,
        commands=sum(outcome.codes.values()),
        refused=outcome.codes[2],
        tracebacks=len(outcome.tracebacks),
        hangs=len(outcome.hangs),
        scripts_run=len(outcome.scripts),
        control_characters=len(outcome.control),
    )


def lines_of(one: Input, outcome: Outcome) -> Iterator[str]:
    """A line for each thing that should not have happened."""
    for label in ("tracebacks", "hangs", "scripts", "control"):
        for text in getattr(outcome, label):
            yield f"  {label}: {one.kind}: {one.what!r}: {text}"


def played(
    given: argparse.Namespace, chromium: str | None, output: Output
) -> dict[str, Counter[str]]:
    """The counts of each kind of input."""
    by_kind: dict[str, Counter[str]] = {}
    wanted = [
        one for one in inputs(given.seed, given.inputs) if given.only in f"{one.kind}: {one.what}"
    ]
    with tempfile.TemporaryDirectory() as place:
        sound_folder(Path(place) / "sound")
        for one in wanted:
            outcome = play(one, Path(place) / "sound", Path(place) / "played", chromium)
            by_kind.setdefault(one.kind.split()[0], Counter()).update(counts_of(outcome))
            for line in lines_of(one, outcome):
                output.say(line)
    return by_kind


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="a part of the kind or description")
    parser.add_argument("--no-result", action="store_true")
    given = parser.parse_args()
    chromium = shutil.which("chromium")
    load()
    output = Output("hostile", keep=not given.no_result and not given.only)
    by_kind = played(given, chromium, output)
    totals = sum(by_kind.values(), Counter())
    output.say()
    output.say(f"{'kind':12}" + "".join(f"{name:>20}" for name in COLUMNS))
    for kind, counts in [*sorted(by_kind.items()), ("all", totals)]:
        output.say(f"{kind:12}" + "".join(f"{counts[name]:>20,}" for name in COLUMNS))
    output.say(f"seed {given.seed}; a hang is more than {HANG_S} s of processor time")
    if chromium is None:
        output.say("no chromium on the PATH: scripts of pages were not tried")
    output.say()
    names = [name for name in COLUMNS if name not in ("commands", "refused")]
    output.end({name: totals[name] for name in names if chromium or name != "scripts_run"})


if __name__ == "__main__":
    main()
