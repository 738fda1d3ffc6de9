"""The kinds of run that are killed: their files, their command, and the values that are right."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import final

HEAD = """
[experiment]
name = "walk"
metric = "valid/loss"
max_steps = {steps}
trials = {trials}
evaluations = {evaluations}
train = "train.py:train"
{more}
[nuisance]
learning_rate = {{ low = 0.01, high = 0.3 }}
"""
# A weight and a generator are saved: who goes on with another state comes to other values.
TRAIN = """
import builtins, json, random, sqlite3
from pathlib import Path

LEDGER = Path(__file__).parent / "ledger"
tick = getattr(builtins, "tick", lambda moment, ready=None: None)


def is_named(trial, step):
    store = sqlite3.connect(f"file:{LEDGER.parent}/etude.db?mode=ro", uri=True)
    question = "select count(*) from checkpoint where trial_id = ? and step = ?"
    (count,) = store.execute(question, (trial.id, step)).fetchone()
    store.close()
    return count


def noted(trial, after):
    if trial.max_steps > 2:
        setting = json.dumps(dict(trial.setting), sort_keys=True)
        line = {"id": trial.id, "seed": trial.seed, "setting": setting, "after": after}
        with open(LEDGER, "a") as ledger:
            ledger.write(json.dumps(line) + "\\n")


class Walk:
    def __init__(self, trial):
        self.trial, self.noise = trial, random.Random(trial.seed)
        self.step, self.weight = -1, 1.0

    def save(self, folder):
        text = json.dumps([self.step, self.weight, self.noise.getstate()])
        with open(folder / "state.json", "w") as file:
            file.write(text[:20])
            file.flush()
            tick("save")
            file.write(text[20:])

    def load(self, folder):
        text = (folder / "state.json").read_text()
        self.step, self.weight, (version, inner, gauss) = json.loads(text)
        self.noise.setstate((version, tuple(inner), gauss))

    def update(self, step):
        assert self.step == step - 1, f"step {step} follows {self.step}: the wrong weights"
        self.weight *= 1.0 - self.trial["learning_rate"] * self.noise.random()
        self.step = step
        tick("step")


def train(trial):
    walk = Walk(trial)
    trial.restore(walk.load)
    noted(trial, walk.step)
    for step in trial.steps():
        walk.update(step)
        trial.log(step, {"train/loss": walk.weight / 2})
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": walk.weight}, checkpoint=walk.save)
            tick("saved", lambda: is_named(trial, step))
    tick("trained")
"""
ASK = """
import etude
from train import Walk, noted

with etude.ask("walk.toml", store="etude.db") as asking:
    while trial := asking.next():
        walk = Walk(trial)
        if trial.checkpoint is not None:
            walk.load(trial.checkpoint)
        noted(trial, walk.step)
        for step in range(trial.from_step, trial.max_steps):
            walk.update(step)
            checkpoint = walk.save if step % 3 == 2 else None
            if not trial.report(step, {"valid/loss": walk.weight}, checkpoint=checkpoint):
                break
        asking.tell(trial)
    assert asking.result().records.count("completed") > 0
"""
WORKLOAD_HEAD = """
[experiment]
name = "walk"
metric = "valid/loss"
max_steps = {steps}
trials = {trials}
evaluations = {evaluations}
train = "train.py:train"

[nuisance]
learning_rate = {{ low = 0.01, high = 0.1, log = true }}

[fixed]
optimizer = "adam"
beta1 = 0.9
beta2 = 0.99
epsilon = 1e-8
batch_size = 8
schedule = "cosine"
warmup_steps = 3
norm = "{norm}"
"""
TORCH = """
import builtins, json
from pathlib import Path

import torch
from torch import nn

from etude.train.torch.checkpoints import State
from etude.train.torch.loop import Loop
from etude.train.workload import Workload

tick = getattr(builtins, "tick", lambda moment: None)
INPUTS = torch.linspace(-1, 1, 40)[:, None]


class Data:
    def __len__(self):
        return 32

    def __getitem__(self, row):
        tick("read")
        return INPUTS[row], 3 * INPUTS[row] + 1


def model(setting):
    norm = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}[setting["norm"]]
    return nn.Sequential(
        nn.Linear(1, 6), norm(6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 1)
    )


def loss(predict, batch, setting):
    return (predict(batch[0]) - batch[1]).square().mean()


def metrics(predict, batch):
    return {"loss": (predict(batch[0]) - batch[1]).square().mean()}


def noted(folder, load=State.load):
    line = {"id": int(folder.parent.name), "after": int(folder.name)}
    with open(Path(__file__).parent / "ledger", "a") as ledger:
        ledger.write(json.dumps(line) + "\\n")
    return load(folder)


State.load = noted
held_out = (INPUTS[32:], 3 * INPUTS[32:] + 1)
workload = Workload(model=model, loss=loss, metrics=metrics, training=Data(), validation=held_out)
train = Loop(workload, every_s=0.0)
"""
JAX = """
import builtins
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from etude.train.jax.loop import Loop
from etude.train.workload import Workload

tick = getattr(builtins, "tick", lambda moment: None)
INPUTS = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]


class Model(NamedTuple):
    init: object
    apply: object


class Data:
    def __len__(self):
        return 32

    def __getitem__(self, row):
        tick("read")
        return INPUTS[row], 3 * INPUTS[row] + 1


def model(setting):
    def init(key):
        first, second = jax.random.split(key)
        return {"a": jax.random.normal(first, (1, 6)), "b": jax.random.normal(second, (6, 1))}

    def apply(params, x, key=None):
        return jnp.tanh(x @ params["a"]) @ params["b"]

    return Model(init, apply)


def loss(predict, batch, setting):
    return ((predict(batch[0]) - batch[1]) ** 2).mean()


def metrics(predict, batch):
    return {"loss": ((predict(batch[0]) - batch[1]) ** 2).mean(-1)}


held_out = (INPUTS[32:], 3 * INPUTS[32:] + 1)
workload = Workload(model=model, loss=loss, metrics=metrics, training=Data(), validation=held_out)
train = Loop(workload, every_s=0.0)
"""


@final
@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of run.

    Args:
        command: What is typed, the same each time.
        files: The files that it takes, by name.
        before: Commands that are typed before, and never killed.
        has_workers: Whether it trains in processes of their own.
        tolerance: By how much a value may differ from that of a run that nobody killed, relatively.
    """

    name: str
    command: tuple[str, ...]
    files: dict[str, str]
    before: tuple[tuple[str, ...], ...] = ()
    has_workers: bool = False
    tolerance: float = 0.0

    def lay(self, folder: Path) -> Path:
        """The files in a new folder."""
        folder.mkdir(parents=True)
        for name, text in self.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        return folder

    def copied(self, template: Path, folder: Path) -> Path:
        """A folder in which everything before was typed already."""
        shutil.copytree(template, folder)
        return folder


def _walk(
    more: str = "", *, steps: int = 12, trials: int = 8, evaluations: int = 4
) -> dict[str, str]:
    head = HEAD.format(steps=steps, trials=trials, evaluations=evaluations, more=more)
    return {"walk.toml": head, "train.py": TRAIN}


def _imported(trials: int = 25, points: int = 20) -> dict[str, str]:
    chance = Random(0)
    rows = [f"{trial},{chance.random()!r}" for trial in range(trials)]
    curves = [
        f"{trial},{step},valid/loss,{chance.random()!r}"
        for trial in range(trials)
        for step in range(points)
    ]
    return {
        "old/trials.csv": "\n".join(["trial,learning_rate", *rows]) + "\n",
        "old/curves.csv": "\n".join(["trial,step,metric,value", *curves]) + "\n",
    }


def _workload(train: str, *, trials: int = 6, norm: str = "layer") -> dict[str, str]:
    head = WORKLOAD_HEAD.format(steps=24, trials=trials, evaluations=4, norm=norm)
    return {"walk.toml": head, "train.py": train}


RUN = ("etude", "run", "walk.toml")
INLINE = (*RUN, "--runner", "inline")
ONE_WORKER = (*RUN, "--runner", "processes", "--workers", "1")
STACKED = (*RUN, "--runner", "vectorized", "--workers", "1")
ASHA = '[schedule]\nname = "asha"\nmin_steps = 2\n'
PBT = '[schedule]\nname = "pbt"\ninterval = 4\n'
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(name="inline", command=INLINE, files=_walk()),
        Kind(
            name="processes",
            command=(*RUN, "--workers", "2"),
            files=_walk(trials=12),
            has_workers=True,
        ),
        Kind(
            name="stacks_torch",
            command=STACKED,
            files=_workload(TORCH),
            has_workers=True,
            tolerance=1e-6,
        ),
        Kind(
            name="stacks_jax",
            command=STACKED,
            files=_workload(JAX),
            has_workers=True,
            tolerance=1e-6,
        ),
        # In stacks without buffers: who resumes may do so in another stack, and PyTorch rounds the
        # sums of a batch norm otherwise where there are other channels beside.
        Kind(
            name="workload",
            command=ONE_WORKER,
            files=_workload(TORCH, trials=3, norm="batch"),
            has_workers=True,
        ),
        Kind(name="asha", command=INLINE, files=_walk(ASHA, trials=9, evaluations=12)),
        Kind(
            name="asha_in_a_worker",
            command=ONE_WORKER,
            files=_walk(ASHA, trials=9, evaluations=12),
            has_workers=True,
        ),
        Kind(name="pbt", command=INLINE, files=_walk(PBT, evaluations=12)),
        Kind(
            name="pbt_in_a_worker",
            command=ONE_WORKER,
            files=_walk(PBT, evaluations=12),
            has_workers=True,
        ),
        Kind(name="bayesian", command=INLINE, files=_walk('search = "bayesian"', trials=7)),
        Kind(
            name="autopilot",
            command=(*INLINE, "--rounds", "3", "--accept"),
            files=_walk(),
        ),
        # Its lines stand in a file: an answer that changed would read otherwise.
        Kind(
            name="procedure",
            command=(
                *("etude", "training-length", "walk.toml", "--runner", "inline"),
                *("--full-fit", "train/loss=0.2", "-o", "fitted.toml"),
            ),
            files=_walk(),
        ),
        Kind(
            name="procedure_of_a_store",
            command=("etude", "extend", "--max-steps", "24", "-o", "long.toml"),
            files=_walk(),
            before=(INLINE,),
            has_workers=True,
        ),
        Kind(
            name="launch",
            command=("etude", "launch", "--seeds", "4"),
            files=_walk(),
            before=(INLINE, ("etude", "adopt", "--anyway", "because it is asked for")),
            has_workers=True,
        ),
        Kind(
            name="ask_tell",
            command=("ask.py",),
            files={**_walk(ASHA, trials=9, evaluations=12), "ask.py": ASK},
        ),
        Kind(
            name="import",
            command=("etude", "import", "csv", "old", "--name", "walk", "--metric", "valid/loss"),
            files=_imported(),
        ),
    )
}
