"""Stories: what a person types from the first command to the last, and all that is printed.

Each story is a folder with files and a list of commands, played in this process. Its transcript is
what must not change by accident; `python -m tests.golden.record` writes the transcripts down.
"""

from __future__ import annotations

import csv
import json
import lzma
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.connect import encoders

READ = (
    "check {name}",
    "check {name} --json",
    "trials {name}",
    "trials {name} --json",
    "log --json",
    "next {name} -o next.toml",
    "next {name} -o next.json.toml --json",
    "report {name} -o report.html",
)
RUN = ("plan story.toml", "plan story.toml --json", "run story.toml --runner inline", *READ)

# A bowl over the logarithm of the rate with noise from the trial's seed; it diverges above a rate
# that momentum lowers, overfits without dropout, and reports all that the checks look at.
TRAIN = """
import json
import math
import random


def train(trial):
    rate = trial["learning_rate"]
    momentum = trial["momentum"]
    spread = random.Random(trial.seed)
    state = {"falling": 1.0, "step": 0}
    trial.restore(lambda path: state.update(json.loads((path / "state.json").read_text())))
    away = math.log10(rate / 0.05) ** 2 * 0.2 + (momentum - 0.8) ** 2
    bonus = 0.05 if trial["optimizer"] == "adam" else 0.0
    for step in trial.steps():
        state["falling"] *= 1.0 - 0.25 / (1.0 + 4.0 * away)
        broken = rate > 0.8 * (1.2 - momentum) and step > 6
        train_loss = math.nan if broken else state["falling"] + 0.2 * away + 0.01
        trial.log(step, {"train/loss": train_loss, "grad_norm": 1.0 + state["falling"]})
        if trial.evaluates(step):
            noise = 0.01 * spread.random()
            rising = 0.002 * step * away
            error = state["falling"] * 0.8 + 0.1 * away + 0.1 - bonus + noise + rising
            trial.report(
                step,
                {"valid/error": error, "valid/loss": 2.0 * error, "test/error": error + 0.01},
                checkpoint=lambda path: (path / "state.json").write_text(json.dumps(state)),
            )
"""
EXPERIMENT = """
[experiment]
name = "story"
question = "Which optimizer reaches the lower error?"
metric = "valid/error"
max_steps = 24
{trials}
evaluations = 12
train = "train.py:train"
seed = 3
validation_examples = 1000
{more}
"""
OPTIMIZERS = """
[scientific]
optimizer = ["adam", "sgd"]
"""
ADAM = """
[fixed]
optimizer = "adam"
batch_size = 64
"""
RANGES = """
[nuisance]
learning_rate = { low = 1e-3, high = 3.0, log = true }
momentum = { low = 0.0, high = 0.99 }  # my own words
"""
CONDITIONAL = """
[nuisance]
learning_rate = { low = 1e-3, high = 3.0, log = true }
[nuisance.when.optimizer.sgd]
momentum = { low = 0.7, high = 0.999, scale = "one_minus_log" }
[fixed]
batch_size = 64
[fixed.when.optimizer.adam]
momentum = 0.8
"""
LISTED = """
[fixed]
optimizer = "sgd"

[[configurations]]
learning_rate = 0.05
momentum = 0.8

[[configurations]]
learning_rate = 0.05
momentum = 0.8

[[configurations]]
learning_rate = 0.5
momentum = 0.9
"""
LEARNING_RATE = """
[nuisance]
learning_rate = { low = 1e-3, high = 3.0, log = true }
"""


@dataclass(frozen=True, kw_only=True)
class Story:
    """Files to begin with, and what is typed then.

    Args:
        files: Texts by path, written before the first command.
        prepare: Writes what is no text, into the folder.
        commands: What is typed, without `etude`; `{name}` is the experiment's name.
        exact: Whether libraries' floats decide what happens, so that machines may differ.
    """

    commands: Sequence[str]
    files: Callable[[], dict[str, str]] = dict
    prepare: Callable[[Path], None] = lambda folder: None
    name: str = "story"
    exact: bool = False


def experiment(*, trials: int | None = 10, more: str = "") -> str:
    """The text of an experiment up to its space."""
    return EXPERIMENT.format(trials="" if trials is None else f"trials = {trials}", more=more)


def trained(
    space: str, *, trials: int | None = 10, more: str = "", long: bool = False
) -> Callable[[], dict[str, str]]:
    """The files of an experiment over this space; a long one has what curve checks need."""
    text = experiment(trials=trials, more=more) + space
    if long:
        text = text.replace("max_steps = 24", "max_steps = 120")
        text = text.replace("evaluations = 12", "evaluations = 60")
    return lambda: {"train.py": TRAIN, "story.toml": text}


def _broken() -> dict[str, str]:
    """Experiment files with every mistake that a file can hold, or nearly."""
    return {
        "train.py": TRAIN,
        "roles.toml": experiment(trials=0, more='serach = "grid"\nmetric2 = 3')
        + OPTIMIZERS
        + "[nuisance]\noptimizer = [1]\nrate = { low = 2.0, high = 1.0, log = true }\n"
        + "[nuisance.when.optimizr.adam]\nx = { low = 0, high = 1 }\n[fixed]\ny = [1, 2]\n",
        "options.toml": experiment(trials=4, more='studies = "mergd"')
        + '[search]\nname = "bayesian"\nstrat = 0.5\n[schedule]\nname = "asha"\neta = 1.5\n'
        + LEARNING_RATE,
        "constraints.toml": experiment(
            trials=4, more='constraints = ["width % 0 == ", "lr < 1", "learning_rate < 0"]'
        )
        + LEARNING_RATE,
        "pbt.toml": experiment(trials=4, more='schedule = "replay"') + LEARNING_RATE,
        "grid.toml": experiment(trials=4, more="")
        + '[search]\nname = "grid"\npoints = 1000000000\n'
        + LEARNING_RATE,
        "no_toml.toml": "[experiment\nname = 3",
    }


def _csv(folder: Path) -> None:
    source = folder / "source"
    source.mkdir()
    _table(
        source / "trials.csv",
        [["trial", "status", "optimizer", "learning_rate", "layers"]]
        + [
            [f"run-{at}", "infeasible" if at == 3 else "completed", "ab"[at % 2], 0.5**at, at % 3]
            for at in range(12)
        ],
    )
    _table(
        source / "curves.csv",
        [["trial", "step", "metric", "value"]]
        + [
            [f"run-{at}", step, metric, round(0.1 * at + 4.0 / step, 6)]
            for at in range(12)
            for metric in ("valid/error", "train/loss")
            for step in (9, 19, 29, 39)
        ],
    )


def _table(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def _optuna(folder: Path) -> None:
    """A journal as Optuna writes it: a study, a distribution, trials that end in three ways."""
    lines: list[dict[str, object]] = [
        {"op_code": 0, "worker_id": "w", "study_name": "rates", "directions": [1]}
    ]
    distribution = {"name": "FloatDistribution"}
    for at in range(8):
        attributes = {"low": 1e-3, "high": 1.0, "log": True, "step": None}
        lines += [
            {
                "op_code": 4,
                "worker_id": "w",
                "study_id": 0,
                "datetime_start": "2026-01-01",
            },
            {
                "op_code": 5,
                "worker_id": "w",
                "trial_id": at,
                "param_name": "learning_rate",
                "param_value_internal": 0.002 * 2.0**at,
                "distribution": json.dumps({**distribution, "attributes": attributes}),
            },
            *(
                {
                    "op_code": 7,
                    "worker_id": "w",
                    "trial_id": at,
                    "step": step,
                    "intermediate_value": 1.0 / (1 + step) + 0.01 * at,
                }
                for step in range(4)
            ),
            {
                "op_code": 6,
                "worker_id": "w",
                "trial_id": at,
                "state": (1, 2, 3)[0 if at % 4 else at // 4 % 3],
                "values": [0.25 + 0.01 * at],
                "datetime_complete": "2026-01-01T00:00:09",
            },
        ]
    (folder / "source").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def _raytune(folder: Path) -> None:
    from tests.connect.raytune import ray_files

    source = folder / "source"
    source.mkdir()
    states = []
    for at in range(6):
        setting = {"learning_rate": 0.001 * 4.0**at, "width": 8 * (1 + at % 2)}
        results = [
            ray_files.result(step, loss=1.0 / step + 0.02 * at, error=0.5 / step, done=step == 4)
            for step in range(1, 5)
        ]
        ray_files.write_trial(source, f"t{at}", *results, setting=setting)
        states.append(ray_files.state_entry(f"t{at}", config=setting, last_result=results[-1]))
    ray_files.write_state(source, *states, metric="loss")


def _tensorboard(folder: Path) -> None:
    for at in range(5):
        rate = encoders.double_field(2, 0.001 * 4.0**at)
        encoders.event_file(
            folder / "source" / f"run{at}" / "events.out.tfevents.1.host.1.0",
            *(encoders.event(0, one) for one in encoders.hparams_session({"learning_rate": rate})),
            *(
                encoders.event(step, encoders.simple_value("valid/error", 1.0 / step + at / 64))
                for step in (1, 2, 3, 4)
            ),
        )


def _mlflow(folder: Path) -> None:
    experiment = folder / "source" / "1"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text(
        "artifact_location: x\nexperiment_id: '1'\nlifecycle_stage: active\nname: rates\n"
    )
    for at in range(5):
        run = experiment / f"run{at}"
        for part in ("metrics", "params", "tags"):
            (run / part).mkdir(parents=True)
        (run / "meta.yaml").write_text(
            f"run_id: run{at}\nrun_name: r{at}\nstatus: {3 if at else 4}\nlifecycle_stage: active\n"
            f"start_time: {1000 + at}\nend_time: {3000 + at}\n"
        )
        (run / "params" / "learning_rate").write_text(str(0.001 * 4.0**at))
        points = (f"{1000 + step} {1.0 / step + at / 64} {step}" for step in (1, 2, 3, 4))
        (run / "metrics" / "error").write_text("\n".join(points) + "\n")


def _wandb(folder: Path) -> None:
    for at in range(5):
        encoders.wandb_log(
            folder / "source" / f"run-20260101_00000{at}-abc{at}" / f"run-abc{at}.wandb",
            [
                encoders.wandb_config({"learning_rate": 0.001 * 4.0**at, "width": 8}),
                *(
                    encoders.wandb_history(step, {"valid.error": str(1.0 / step + at / 64)})
                    for step in (1, 2, 3, 4)
                ),
                encoders.wandb_exit(0 if at else 1),
            ],
        )


def imported(kind: str, prepare: Callable[[Path], None], metric: str = "valid/error") -> Story:
    """The import of a small source of this kind, and all that can be read then."""
    command = f"import {kind} source --name story --metric {metric}"
    return Story(prepare=prepare, commands=(command, f"{command} --json", *READ))


def _compared() -> dict[str, str]:
    files = trained(LISTED, trials=None)()
    return {
        **files,
        "other.toml": files["story.toml"]
        .replace('"story"', '"other"')
        .replace("learning_rate = 0.05", "learning_rate = 0.1"),
        "a.txt": "0.51\n0.53\n0.52\n0.50\n0.52\n",
        "b.txt": "0.41\n0.43\n\n0.42\n0.40\nnan\n",
    }


def adopted() -> dict[str, str]:
    """Listed settings, and others with the same names, to adopt one after the other."""
    files = _rounds()
    listed = files["listed.toml"]
    other = listed.replace('"listed"', '"other"').replace(
        "learning_rate = 0.05", "learning_rate = 0.1"
    )
    return {**files, "other.toml": other}


def _rounds() -> dict[str, str]:
    files = trained(RANGES + ADAM, trials=8)()
    listed = trained(LISTED, trials=None)()["story.toml"].replace('"story"', '"listed"')
    return {**files, "listed.toml": listed}


def _demo(folder: Path) -> None:
    """The store of `make demo`, written by version 0.1 before the house was put in order."""
    packed = Path(__file__).parent / "stores" / "demo.sqlite.xz"
    (folder / "etude.db").write_bytes(lzma.decompress(packed.read_bytes()))


STORIES = {
    "demo": Story(prepare=_demo, name="optimizer", commands=READ),
    "quasi_random": Story(
        files=trained(OPTIMIZERS + CONDITIONAL, trials=12, long=True), commands=RUN
    ),
    "random": Story(files=trained(RANGES + ADAM, more='search = "random"'), commands=RUN),
    "grid": Story(files=trained(RANGES + ADAM, trials=9, more='search = "grid"'), commands=RUN),
    "listed": Story(files=trained(LISTED, trials=None), commands=RUN),
    "merged": Story(
        files=trained(OPTIMIZERS + RANGES, trials=16, more='studies = "merged"'), commands=RUN
    ),
    "constrained": Story(
        files=trained(RANGES + ADAM, more='constraints = ["learning_rate < 1 - momentum"]'),
        commands=RUN,
    ),
    "bayesian": Story(
        files=trained(RANGES + ADAM, more='search = "bayesian"'), commands=RUN, exact=True
    ),
    "asha": Story(files=trained(RANGES + ADAM, more='schedule = "asha"'), commands=RUN),
    "pbt": Story(
        files=trained(LEARNING_RATE + ADAM + "momentum = 0.8", trials=8, more='schedule = "pbt"'),
        commands=(
            *RUN,
            "next story --replay -o replay.toml",
            "run replay.toml --runner inline",
            "check story-2 --json",
        ),
    ),
    "import_csv": imported("csv", _csv),
    "import_optuna": imported("optuna", _optuna, metric="value"),
    "import_raytune": imported("raytune", _raytune, metric="loss"),
    "import_tensorboard": imported("tensorboard", _tensorboard),
    "import_mlflow": imported("mlflow", _mlflow, metric="error"),
    "import_wandb": imported("wandb", _wandb, metric="valid.error"),
    "compare": Story(
        files=_compared,
        commands=(
            "run story.toml --runner inline",
            "run other.toml --runner inline",
            "compare story other",
            "compare story other --json",
            "compare story:0 other:0 --json",
            "compare a.txt b.txt",
            "compare a.txt b.txt --json",
            "compare a.txt b.txt --maximize --json",
            "compare a.txt missing --json",
        ),
    ),
    "rounds": Story(
        files=_rounds,
        commands=(
            "run story.toml --runner inline --rounds 3 --accept",
            "next story-2 --exploit -o exploit.toml",
            "log --json",
            "adopt story --json",
            "adopt story-2",
            "run listed.toml --runner inline",
            "adopt listed",
            "adopt listed --anyway because",
            "launch --seeds 3 --runner inline",
            "launch --seeds 3 --runner inline --json",
            "log",
        ),
        exact=True,
    ),
    "mistakes": Story(
        files=_broken,
        commands=(
            *(f"run {name}.toml --runner inline" for name in ("roles", "options", "constraints")),
            *(f"plan {name}.toml" for name in ("pbt", "grid", "no_toml", "missing")),
            "check",
            "next",
            "report nobody",
            "import nothing here --name a --metric b",
            "run roles.toml --runner nobody",
        ),
    ),
}
