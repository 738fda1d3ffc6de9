"""One experiment file everywhere: in this process, in workers, in stacks, and on two nodes of Ray.

The file and the code beside it are the same, and so are the settings, ids, seeds and curves.
"""

from __future__ import annotations

import pytest
import torch
from tests.runner.cluster import cluster

from etude.errors import RunError
from etude.event import Event
from etude.round.run import run
from etude.runner.inline import Inline
from etude.runner.processes import Processes
from etude.runner.ray.runner import Ray
from etude.runner.user_code import train_function

WORKLOAD = """
[experiment]
name = "line"
metric = "valid/loss"
max_steps = 12
trials = 4
evaluations = 3
train = "train.py:workload"

[scientific]
width = [3, 4]

[nuisance]
learning_rate = { low = 0.01, high = 0.1, log = true }

[fixed]
optimizer = "sgd"
batch_size = 4
"""
TRAIN = """
import torch
from etude.train.workload import Workload
from parts.data import INPUTS, Data


def model(setting):
    width = setting["width"]
    return torch.nn.Sequential(torch.nn.Linear(1, width), torch.nn.Linear(width, 1))


def loss(predict, batch, setting):
    return (predict(batch[0]) - batch[1]).square().mean()


def metrics(predict, batch):
    return {"loss": (predict(batch[0]) - batch[1]).square().mean()}


held_out = (INPUTS[16:], 3 * INPUTS[16:] + 1)
workload = Workload(model=model, loss=loss, metrics=metrics, training=Data(), validation=held_out)
"""
DATA = """
import torch

INPUTS = torch.linspace(-1, 1, 24)[:, None]


class Data:
    def __len__(self):
        return 16

    def __getitem__(self, row):
        return INPUTS[row], 3 * INPUTS[row] + 1
"""
WALK = """
[experiment]
name = "walk"
metric = "valid/loss"
max_steps = 12
trials = 6
evaluations = 6
train = "train.py:train"
{schedule}

[nuisance]
learning_rate = {{ low = 0.01, high = 0.3 }}
"""
WALKS = """
import json
import random


def train(trial):
    noise, weight = random.Random(trial.seed), [1.0]

    def load(folder):
        weight[0], (version, inner, gauss) = json.loads((folder / "state.json").read_text())
        noise.setstate((version, tuple(inner), gauss))

    def save(folder):
        (folder / "state.json").write_text(json.dumps([weight[0], noise.getstate()]))

    trial.restore(load)
    for step in trial.steps():
        weight[0] *= 1.0 - trial["learning_rate"] * noise.random()
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": weight[0]}, checkpoint=save)
"""
SCHEDULES = {
    "asha": '[schedule]\nname = "asha"\nmin_steps = 2\n',
    "pbt": '[schedule]\nname = "pbt"\ninterval = 4\n',
}


class Gate:
    """A runner of two slots whose trials end in the order of their ids, whatever trains them.

    It hands events on when both trials have ended.
    """

    slots = 2

    def __init__(self, runner):
        self._runner, self._waiting, self._running = runner, [], False

    @property
    def free(self):
        return 0 if self._running else self.slots - len(self._waiting)

    def submit(self, orders):
        self._waiting += [order for order in orders if hasattr(order, "setting")]

    def wait(self, deliver):
        if not self._waiting:
            return False
        self._running = True
        events: list[Event] = []
        while self._waiting or self._runner.wait(events.extend):
            while self._waiting and self._runner.free:
                self._runner.submit([self._waiting.pop(0)])
            if self._waiting:
                self._runner.wait(events.extend)
        self._running = False
        deliver(sorted(events, key=lambda event: event.trial_id))
        return True

    def close(self):
        self._runner.close()


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """In this process as in a worker: another number changes the last digits."""
    patch = pytest.MonkeyPatch()
    patch.setenv("OMP_NUM_THREADS", "1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    patch.undo()


@pytest.fixture(scope="module")
def nodes(one_thread):
    """A cluster of two nodes with one core each."""
    with cluster(nodes=2) as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An experiment with its code, in two files of a person's."""
    folder = tmp_path_factory.mktemp("line")
    (folder / "line.toml").write_text(WORKLOAD)
    (folder / "train.py").write_text(TRAIN)
    (folder / "parts").mkdir()
    (folder / "parts" / "data.py").write_text(DATA)
    return folder


@pytest.fixture(scope="module")
def inline(folder):
    """What the file comes to in this process."""
    return trials(run(folder / "line.toml", runner="inline", store=folder / "inline.db"))


def trials(result):
    """All of a run that does not depend on the clock: settings, ids, seeds, curves."""
    return [
        (
            (record.id, record.study, dict(record.setting), record.seed, record.status),
            (record.parent, record.from_step, record.steps),
            {name: record.series(name).values_P.tolist() for name in record.points.metrics},
        )
        for record in result.records
    ]


def test_workers_make_the_same_of_a_file_as_this_process(folder, inline):
    result = run(folder / "line.toml", runner="processes", workers=2, store=folder / "two.db")

    assert trials(result) == inline


@pytest.mark.rule("W5")
def test_two_nodes_of_ray_make_the_same_of_a_file_as_this_process(folder, inline, nodes, capfd):
    result = run(folder / "line.toml", runner=nodes.address, store=folder / "ray.db")

    assert trials(result) == inline
    assert "Ray: 2 files (" in capfd.readouterr().err


def test_stacks_make_the_same_of_a_file_as_this_process_but_for_rounding(folder, inline):
    result = run(folder / "line.toml", runner="vectorized", workers=1, store=folder / "stacks.db")

    assert [one[:2] for one in trials(result)] == [one[:2] for one in inline]
    for (*_, curves), (*_, others) in zip(trials(result), inline, strict=True):
        assert curves == {name: pytest.approx(values, rel=1e-6) for name, values in others.items()}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_decides_the_same_on_two_nodes_of_ray(tmp_path, nodes, schedule):
    (tmp_path / "walk.toml").write_text(WALK.format(schedule=SCHEDULES[schedule]))
    (tmp_path / "train.py").write_text(WALKS)
    runners = {
        "inline": Inline(lambda: train_function("train.py:train", tmp_path)),
        "processes": Processes("train.py:train", tmp_path, workers=2),
        "ray": Ray("train.py:train", tmp_path, address=nodes.address),
    }

    made = {
        name: trials(
            run(tmp_path / "walk.toml", runner=Gate(runner), store=tmp_path / f"{name}.db")
        )
        for name, runner in runners.items()
    }

    assert made["inline"] == made["processes"] == made["ray"]
    assert any(steps < 12 for _, (*_, steps), _ in made["ray"]) or schedule == "pbt"


def test_an_address_that_does_not_answer_is_said_with_the_way_out(folder):
    with pytest.raises(RunError, match=r"No Ray cluster answers at .*ray start --head"):
        run(folder / "line.toml", runner="127.0.0.1:9", store="memory")
