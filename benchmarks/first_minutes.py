"""The first minutes: from a script that trains to the first result, picture and next step.

`function`: a plain PyTorch script (`peers/first_minutes/before.py`) is made into one of Etude's,
Optuna's and Lightning's, as the first pages of each show it. Lines are those that `difflib` counts
between the scripts, files written besides included; commands those that are typed. Seconds are of
the same commands where a training is one epoch of milliseconds: what the tool itself takes, with
what it imports. Tools take turns, and medians are told.

What they give is not the same: Etude and Optuna train eight settings, Lightning one. The next step
is a file of the next round (Etude), which hyperparameter matters (Optuna), a rate (Lightning).

`trainer`: a script with a Trainer of Hugging Face that works (`trainer_before.py`) comes to twelve
trials of its learning rate: by the lines that `etude new --from` names, whose experiment Etude
writes, and by `hyperparameter_search` with Optuna, which has the same range. Of Etude they end in a
checked round with a verdict, of Optuna in the best trial. One line of the experiment changes too:
how long the script trains. Where nobody says a range, Optuna takes one of transformers' own: that
is told as `trainer.optuna.lines_without_a_range`, and compares nothing.

`templates`: every kind that the installed `etude new` offers, from `new` to the next round.

`hour`: from a clone to the first picture: the commands, the seconds where next to nothing is
trained, the words of the pages that show how, and those that are printed on the way. Beside Etude
stands Optuna with its dashboard, from the same script; the pages are the READMEs and, of Etude, the
one on a script of PyTorch. Both begin with one command that installs, whose seconds are the
network's and not counted. Then, of Etude alone, to the first adopted change: the commands of
`docs/first-hour.md`, typed as they stand there, with their trainings of seconds. Played alone,
`--part hour` keeps its figures in a file of its own.

A part is a function of `PARTS`, which gives figures by name; others join there.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TypeAlias

from measure import ROOT, Output, peer, version

SCRIPTS = Path(__file__).parent / "peers" / "first_minutes"
ETUDE = [sys.executable, "-m", "etude"]
MILESTONES = ("result", "picture", "next")
# In the copies that are timed: one epoch, so that next to nothing is trained.
EPOCHS, SHORT = ("20", "1")
REPEATS = 3
# A template that has not come to its first result by then is said to have failed.
TEMPLATE_S = 600

Figures: TypeAlias = dict[str, float]


@dataclass(frozen=True)
class Tool:
    """How a tool is used for the first time.

    Args:
        script: What the starting script becomes.
        files: What is written besides, by the name that it has beside the script.
        commands: For each milestone those that are typed for it; none where one before gives it.
        python: Of the environment that it is installed in.
    """

    script: str
    files: Mapping[str, str]
    commands: Mapping[str, tuple[str, ...]]
    python: Path
    package: str

    @property
    def typed(self) -> int:
        """How many commands there are until the next step."""
        return sum(len(commands) for commands in self.commands.values())

    def changed(self) -> tuple[int, int]:
        """The lines written and deleted, empty ones aside."""
        written, deleted = _difference("before.py", self.script)
        return written + sum(len(_lines(SCRIPTS / name)) for name in self.files.values()), deleted

    def seconds(self, folder: Path) -> list[float]:
        """Seconds until each milestone, in a fresh folder, with next to no training.

        The last entry is the processor's until the last of them: the same on a busy machine.
        """
        self._write(folder)
        spent, until, before = 0.0, [], _processor_s()
        for milestone in MILESTONES:
            for command in self.commands[milestone]:
                spent += self._timed(command, folder)
            until.append(spent)
        return [*until, _processor_s() - before]

    def _write(self, folder: Path) -> None:
        for name, source in {"train.py": self.script, **self.files}.items():
            _shortened(source, folder / name)

    def _timed(self, command: str, folder: Path) -> float:
        words = command.split()
        program = {"python": [str(self.python)], "etude": ETUDE}.get(
            words[0], [str(self.python.with_name(words[0]))]
        )
        begin = time.perf_counter()
        if words[0] == "tensorboard":
            _served([*program, *words[1:]], folder)
        else:
            _run([*program, *words[1:]], folder)
        return time.perf_counter() - begin


def function(output: Output, *, repeats: int) -> Figures:
    """Etude's, Optuna's and Lightning's first steps from the same script."""
    tools = {
        "etude": Tool(
            script="etude_train.py",
            files={"experiment.toml": "experiment.toml"},
            commands={
                "result": ("etude run experiment.toml",),
                "picture": ("etude report",),
                "next": ("etude next",),
            },
            python=Path(sys.executable),
            package="etude",
        ),
        "optuna": Tool(
            script="optuna_train.py",
            files={},
            commands={"result": ("python train.py",), "picture": (), "next": ()},
            python=peer("optuna-torch", "torch", "sklearn", "optuna", "plotly", constrained=True),
            package="optuna",
        ),
        "lightning": Tool(
            script="lightning_train.py",
            files={},
            commands={
                "result": ("python train.py",),
                "picture": ("tensorboard --logdir lightning_logs --port 0",),
                "next": (),
            },
            python=peer(
                "lightning", "torch", "sklearn", "lightning", "tensorboard", constrained=True
            ),
            package="lightning",
        ),
    }
    versions = ", ".join(
        f"{name} {version(one.python, one.package)}" for name, one in tools.items()
    )
    output.say(f"{versions}, torch {version(sys.executable, 'torch')}")
    output.say(f"{repeats} repeats in turn; one epoch a training, 8 trainings (Lightning 1)")
    rounds: dict[str, list[list[float]]] = {name: [] for name in tools}
    for _ in range(repeats):
        for name, tool in tools.items():
            with tempfile.TemporaryDirectory() as folder:
                rounds[name].append(tool.seconds(Path(folder)))
    output.say()
    output.say(
        f"{'':12}{'written':>8}{'deleted':>8}{'commands':>9}{'result s':>10}{'picture s':>10}"
        f"{'next s':>8}{'CPU s':>8}"
    )
    figures: Figures = {}
    for name, tool in tools.items():
        written, deleted = tool.changed()
        seconds = [median(one) for one in zip(*rounds[name], strict=True)]
        output.say(
            f"{name:12}{written:8}{deleted:8}{tool.typed:9}{seconds[0]:10.1f}{seconds[1]:10.1f}"
            f"{seconds[2]:8.1f}{seconds[3]:8.1f}"
        )
        figures |= {
            f"function.{name}.lines_written": written,
            f"function.{name}.lines_deleted": deleted,
            f"function.{name}.lines_changed": written + deleted,
            f"function.{name}.commands": tool.typed,
        }
        figures |= {
            f"function.{name}.{milestone}_s": one
            for milestone, one in zip((*MILESTONES, "cpu"), seconds, strict=True)
        }
    output.say()
    return figures


def trainer(output: Output, *, repeats: int) -> Figures:
    """Etude's and Optuna's way from the same Trainer, and what both take beside the training."""
    has_optuna = find_spec("optuna") is not None
    packages = ("torch", "transformers", "accelerate", "optuna")
    optuna = Path(sys.executable) if has_optuna else peer("trainer", *packages, constrained=True)
    ways = {
        "etude": (
            "trainer_etude.py",
            Path(sys.executable),
            ("etude new . --from train.py", "etude run experiment.toml", "etude check"),
        ),
        "optuna": ("trainer_optuna.py", optuna, ("python train.py",)),
    }
    output.say(
        f"Trainer: transformers {version(optuna, 'transformers')}, optuna "
        f"{version(optuna, 'optuna')}; {repeats} repeats in turn; 12 trials of 2 steps"
    )
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                taken[name].append(_trained(Path(folder), *way))
    output.say()
    output.say(f"{'':12}{'written':>8}{'deleted':>8}{'commands':>9}{'seconds':>9}{'CPU s':>8}")
    figures: Figures = {}
    for name, (script, _, commands) in ways.items():
        written, deleted = _difference("trainer_before.py", script)
        longer = int(name == "etude")  # `max_steps` of the experiment
        wall_s, cpu_s = (median(one) for one in zip(*taken[name], strict=True))
        row = {
            "lines_written": written + longer,
            "lines_deleted": deleted + longer,
            "lines_changed": written + deleted + 2 * longer,
            "commands": len(commands),
            "seconds": wall_s,
            "cpu_s": cpu_s,
        }
        output.say(
            f"{name:12}{row['lines_written']:8}{row['lines_deleted']:8}{len(commands):9}"
            f"{wall_s:9.1f}{cpu_s:8.1f}"
        )
        figures |= {f"trainer.{name}.{key}": value for key, value in row.items()}
    figures["trainer.optuna.lines_without_a_range"] = sum(
        _difference("trainer_before.py", "trainer_optuna_default.py")
    )
    output.say()
    return figures


def _trained(
    folder: Path, script: str, python: Path, commands: Sequence[str]
) -> tuple[float, float]:
    """Seconds and those of the processor until the last command, where a trial takes two steps."""
    text = (SCRIPTS / script).read_text()
    short = text.replace("data(512,", "data(32,").replace("data(256,", "data(32,")
    before_text = (SCRIPTS / "trainer_before.py").read_text()
    wall_s, before_s = 0.0, _processor_s()
    for command in commands:
        words = command.split()
        # `etude new` reads the script as it was; then its lines are changed.
        is_new = words[1] == "new"
        (folder / "train.py").write_text(
            before_text if is_new else short.replace("num_train_epochs=3", "num_train_epochs=1")
        )
        program = ETUDE if words[0] == "etude" else [str(python)]
        begin = time.perf_counter()
        _run([*program, *words[1:]], folder)
        wall_s += time.perf_counter() - begin
        if is_new:
            file = folder / "experiment.toml"
            lines = file.read_text().replace("max_steps = 100", "max_steps = 2")
            file.write_text(re.sub(r"(?m)^evaluations = \d+", "evaluations = 1", lines))
    return wall_s, _processor_s() - before_s


def _difference(before: str, after: str) -> tuple[int, int]:
    """The lines written and deleted between two scripts, empty ones aside."""
    texts = [_lines(SCRIPTS / name) for name in (before, after)]
    diff = list(difflib.unified_diff(*texts, lineterm="", n=0))[2:]
    return sum(one.startswith("+") for one in diff), sum(one.startswith("-") for one in diff)


def templates(output: Output, *, repeats: int) -> Figures:
    """Every template of the installed `etude new`, as it is: its trainings are real ones."""
    del repeats
    kinds = offered_kinds()
    output.say(f"Templates of `etude new`: {', '.join(kinds) or 'the only one'}; trained in full")
    output.say()
    output.say(f"{'':22}{'lines':>7}{'result s':>10}{'picture s':>10}{'next s':>8}")
    figures: Figures = {}
    for kind in kinds or [""]:
        figures |= _template(output, kind)
    output.say()
    return figures


def offered_kinds() -> list[str]:
    """The kinds that `etude new --kind` knows; none where it has no such option."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*ETUDE, "new", f"{folder}/asked", "--kind", "no such kind"]
        done = subprocess.run(command, capture_output=True, text=True, env=_environment())
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stderr).split())
    if done.returncode == 0 or "No such option" in said:
        return []
    known = said.partition("Known: ")[2] or said.partition("one of ")[2]
    return re.findall(r"[`']([a-z][a-z-]*)[`']", known)


def _template(output: Output, kind: str) -> Figures:
    """One template: its lines, and seconds until each milestone; -1 where it asks for a loader."""
    label = kind or "default"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "first"
        _run([*ETUDE, "new", str(place), *(["--kind", kind] if kind else [])], Path(folder))
        lines = sum(len(_lines(one)) for one in place.iterdir() if one.suffix in (".py", ".toml"))
        until, spent = [], 0.0
        for command in (["run", "experiment.toml"], ["report"], ["next"]):
            begin = time.perf_counter()
            done = subprocess.run(
                [*ETUDE, *command],
                cwd=place,
                env=_environment(),
                capture_output=True,
                text=True,
                timeout=TEMPLATE_S,
            )
            spent += time.perf_counter() - begin
            if done.returncode:
                break
            until.append(spent)
    if len(until) < len(MILESTONES):
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        output.say(f"{label:22}{lines:7}   `etude {command[0]}` ended first: {' '.join(said)[:90]}")
        return {f"templates.{label}.lines": lines, f"templates.{label}.result_s": -1.0}
    output.say(f"{label:22}{lines:7}{until[0]:10.1f}{until[1]:10.1f}{until[2]:8.1f}")
    seconds = zip(MILESTONES, until, strict=True)
    return {
        f"templates.{label}.lines": lines,
        **{f"templates.{label}.{milestone}_s": one for milestone, one in seconds},
    }


def hour(output: Output, *, repeats: int) -> Figures:
    """Etude beside Optuna with its dashboard to the first picture, and Etude to an adoption."""
    packages = ("torch", "sklearn", "optuna", "optuna_dashboard")
    optuna = peer("optuna-dashboard", *packages, constrained=True)
    pages = {
        "etude": _words((ROOT / "README.md").read_text())
        + _words((ROOT / "docs" / "pytorch-script.md").read_text().partition("\n## Checkpoint")[0]),
        "optuna": _words(_described(optuna, "optuna") + _described(optuna, "optuna-dashboard")),
    }
    ways: dict[str, Callable[[Path], tuple[int, float, int]]] = {
        "etude": _etude_picture,
        "optuna": lambda folder: _optuna_picture(folder, optuna),
    }
    output.say(
        f"Hour: optuna {version(optuna, 'optuna')}, optuna-dashboard "
        f"{version(optuna, 'optuna-dashboard')}; {repeats} repeats in turn; one epoch a training"
    )
    taken: dict[str, list[tuple[int, float, int]]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                taken[name].append(way(Path(folder)))
    output.say()
    output.say(f"{'':22}{'commands':>9}{'seconds':>9}{'words read':>12}{'printed':>9}")
    figures: Figures = {}
    for name, runs in taken.items():
        commands, seconds, printed = (median(one) for one in zip(*runs, strict=True))
        commands += 1  # what installs
        output.say(f"{name:22}{commands:9.0f}{seconds:9.1f}{pages[name]:12}{printed:9.0f}")
        figures |= {
            f"hour.{name}.commands": commands,
            f"hour.{name}.picture_s": seconds,
            f"hour.{name}.words_read": pages[name],
            f"hour.{name}.words_printed": printed,
        }
    adopted = [_adopted() for _ in range(repeats)]
    commands, seconds, printed = (median(one) for one in zip(*adopted, strict=True))
    page = (ROOT / "docs" / "first-hour.md").read_text()
    read = _words(re.sub(r"```console\n.*?```", "", page, flags=re.DOTALL))
    output.say(f"{'etude, to an adoption':22}{commands:9.0f}{seconds:9.1f}{read:12}{printed:9.0f}")
    output.say()
    name, adoption = (
        "etude",
        {"commands": commands, "s": seconds, "words_read": read, "words_printed": printed},
    )
    return figures | {f"hour.{name}.adopted_{key}": one for key, one in adoption.items()}


def _words(text: str) -> int:
    return len(text.split())


def _described(python: Path, package: str) -> str:
    """The README of an installed package."""
    code = f"import importlib.metadata as m; print(m.metadata({package!r}).get_payload())"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout


def _etude_picture(folder: Path) -> tuple[int, float, int]:
    """Commands, seconds and words printed until the report of a script of one's own is there."""
    _shortened("etude_train.py", folder / "train.py")
    _shortened("experiment.toml", folder / "experiment.toml")
    said, begin = "", time.perf_counter()
    for words in (["run", "experiment.toml"], ["report"]):
        said += _run([*ETUDE, *words], folder)
    if not (folder / "experiment.html").exists():
        raise SystemExit("`etude report` made no page.")
    return 2, time.perf_counter() - begin, _words(said)


def _optuna_picture(folder: Path, python: Path) -> tuple[int, float, int]:
    """The same until the dashboard shows the study."""
    _shortened("optuna_dashboard_train.py", folder / "train.py")
    begin = time.perf_counter()
    said = _run([str(python), "train.py"], folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python.with_name("optuna-dashboard"), "sqlite:///optuna.db", "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        _asked_for(f"http://127.0.0.1:{port}/api/studies")
        return 2, time.perf_counter() - begin, _words(said)
    finally:
        server.kill()
        server.communicate()


def _asked_for(address: str) -> None:
    """Waits until a server on this machine answers."""
    deadline = time.perf_counter() + TEMPLATE_S
    while time.perf_counter() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                answer.read()
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"{address} does not answer.")


def _adopted() -> tuple[int, float, int]:
    """Commands, seconds and words printed of `docs/first-hour.md`, from its first to its last."""
    page = (ROOT / "docs" / "first-hour.md").read_text()
    commands = re.findall(r"(?m)^\$ (.*)$", page)
    typed, said, begin = 1, "", time.perf_counter()  # the one that installs
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for command in commands:
            program, *words = command.split()
            if program == "cd":
                place /= words[0]
                continue
            said += _run([*ETUDE, *words], place)
            typed += 1
        if not (place / "baseline.toml").exists():
            raise SystemExit("docs/first-hour.md ends without a baseline.")
    return typed, time.perf_counter() - begin, _words(said)


def _shortened(source: str, to: Path) -> None:
    """A script with one epoch a training."""
    text = (SCRIPTS / source).read_text()
    to.write_text(re.sub(rf"\b(EPOCHS|max_steps)(\s*)= {EPOCHS}\b", rf"\g<1>\g<2>= {SHORT}", text))


Part: TypeAlias = Callable[..., Figures]
PARTS: Mapping[str, Part] = {
    "function": function,
    "trainer": trainer,
    "templates": templates,
    "hour": hour,
}


def _lines(path: Path) -> list[str]:
    """The lines of a file, indentation and empty ones aside."""
    return [line.strip() for line in path.read_text().splitlines() if line.strip()]


def _environment() -> dict[str, str]:
    """As a person's shell has it, without what would point a tool elsewhere."""
    others = {name: value for name, value in os.environ.items() if name != "ETUDE_STORE"}
    return {**others, "OMP_NUM_THREADS": "1"}


def _processor_s() -> float:
    """Seconds that the children which ended have computed, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(command: list[str], folder: Path) -> str:
    """What a command prints."""
    done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def _served(command: list[str], folder: Path) -> None:
    """Starts a server, and ends it when it says where its page is."""
    server = subprocess.Popen(
        command, cwd=folder, env=_environment(), stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    try:
        said = []
        for line in server.stderr:
            said.append(line)
            if "http://" in line:
                return
        raise SystemExit(f"{' '.join(command)} served no page:\n{''.join(said)}")
    finally:
        server.kill()
        server.wait()
        server.stderr.close()


def main() -> None:
    """Plays all parts, or some, of which only `hour` is kept, by itself."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", choices=sorted(PARTS), help="only this one")
    parser.add_argument("--quick", action="store_true", help="one repeat, nothing kept")
    given = parser.parse_args()
    parts = given.part or list(PARTS)
    is_hour = given.part == ["hour"]
    name = "first_minutes_hour" if is_hour else "first_minutes"
    output = Output(name, keep=not given.quick and (is_hour or not given.part))
    figures: Figures = {}
    for name in parts:
        figures |= PARTS[name](output, repeats=1 if given.quick else REPEATS)
    output.end(figures)


if __name__ == "__main__":
    main()
