"""Workloads killed in the midst of a trial and started again: the same values, bit for bit.

The kill comes from inside, at no chance moment: the data kill the worker, or its whole process
group (run and workers), two steps after the first checkpoint is written down. Whoever goes on has
only that checkpoint, and must come to the parameters that nobody interrupted.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from etude.round.result import load

from .process_group import run_in_group

pytestmark = pytest.mark.kills

TRIALS, STEPS, EVALUATIONS = 3, 24, 4

EXPERIMENT = f"""
[experiment]
name = "walk"
metric = "valid/loss"
max_steps = {STEPS}
trials = {TRIALS}
evaluations = {EVALUATIONS}
keep_checkpoints = {EVALUATIONS}
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
"""

TRAIN = '''
import os, signal, sqlite3
from pathlib import Path

import torch
from torch import nn

from etude.train.torch.checkpoints import State
from etude.train.torch.loop import Loop
from etude.train.workload import Workload

HERE, VICTIM = Path(__file__).parent, os.environ["VICTIM"]
INPUTS = torch.linspace(-1, 1, 40)[:, None]
NORMS = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


class Data:
    """Examples whose reader is killed once: two batches after a checkpoint is written down."""

    read_since = 0

    def __len__(self):
        return 32

    def __getitem__(self, row):
        if VICTIM and not (HERE / "killed").exists() and any(HERE.glob("*.checkpoints/*/*/*/*")):
            self.read_since += 1
            if self.read_since > 16:
                while not written_down():
                    pass
                (HERE / "killed").touch()
                os.killpg(0, signal.SIGKILL) if VICTIM == "run" else os.kill(
                    os.getpid(), signal.SIGKILL
                )
        return INPUTS[row], 3 * INPUTS[row] + 1


def written_down():
    store = sqlite3.connect(f"file:{HERE}/etude.db?mode=ro", uri=True)
    (count,) = store.execute("select count(*) from checkpoint").fetchone()
    store.close()
    return count


def model(setting):
    return nn.Sequential(
        nn.Linear(1, 6), NORMS[setting["norm"]](6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 1)
    )


def loss(predict, batch, setting):
    return (predict(batch[0]) - batch[1]).square().mean()


def metrics(predict, batch):
    return {"loss": (predict(batch[0]) - batch[1]).square().mean()}


def noted(folder, load=State.load):
    with open(HERE / "restored", "a") as restored:
        restored.write(f"{folder.name}\\n")
    return load(folder)


State.load = noted
held_out = (INPUTS[32:], 3 * INPUTS[32:] + 1)
workload = Workload(model=model, loss=loss, metrics=metrics, training=Data(), validation=held_out)
train = Loop(workload, every_s=0.0)
'''


RUN = """
import sys, etude
etude.run("walk.toml", store="etude.db", runner=sys.argv[1], workers=1)
"""


def launched(folder: Path, runner: str, victim: str) -> int:
    """How a run ends in a process of its own."""
    return run_in_group([sys.executable, "-c", RUN, runner], folder, VICTIM=victim)


def begun(folder: Path, norm: str) -> Path:
    folder.mkdir()
    (folder / "walk.toml").write_text(f'{EXPERIMENT}norm = "{norm}"\n')
    (folder / "train.py").write_text(TRAIN)
    return folder


def written(folder: Path) -> dict[str, bytes]:
    """Every checkpoint's tensors, by trial and step."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.safetensors")
    }


def values(folder: Path) -> list[list[object]]:
    """Every value of every curve."""
    curves = load(folder / "etude.db").curves.astype({"metric": str})
    rows: list[list[object]] = curves.sort_values(["trial", "metric", "step"]).to_numpy().tolist()
    return rows


# In stacks without buffers: who resumes may do so in another stack, and PyTorch rounds the sums of
# a batch norm otherwise where there are other channels beside.
@pytest.mark.parametrize(
    ("runner", "norm", "victim", "codes"),
    [
        ("processes", "batch", "run", [-signal.SIGKILL, 0]),
        ("vectorized", "layer", "worker", [0]),
    ],
)
def test_killed_in_the_midst_of_a_trial_equals_never_killed(
    tmp_path: Path, runner: str, norm: str, victim: str, codes: list[int]
) -> None:
    calm, killed = begun(tmp_path / "calm", norm), begun(tmp_path / "killed", norm)

    ended = [launched(killed, runner, victim) for _ in codes]

    assert [launched(calm, runner, ""), *ended] == [0, *codes]
    assert (killed / "restored").read_text().split()[0] == "5"
    assert len(written(killed)) == TRIALS * EVALUATIONS * 2
    assert written(killed) == written(calm)
    # Two values a step, and two an evaluation: the metric and the epochs done.
    assert len(values(calm)) == TRIALS * (2 * STEPS + 2 * EVALUATIONS)
    assert values(killed) == values(calm)
