"""What the gate lets through is right, and what it declines it declines with the culprit's name."""

import dataclasses
import re

import pytest
import torch
from tests.runner.sample import assignment
from tests.train.modules import Between
from tests.train.stacks import setting
from tests.train.workloads import WORKLOADS
from torch import nn
from torch.nn import functional as F

from etude.train import gate as rules
from etude.train.torch import gate, memory
from etude.train.torch.loop import Loop
from etude.train.workload import workload_of


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No time is spent on timing: what is slow is another question than what is right."""
    monkeypatch.setattr(rules, "WIDTHS", (4,))
    monkeypatch.setattr(gate, "_TIMED_S", 0.0)
    monkeypatch.setattr(rules, "WORTH", 0.0)


def judged(folder, model, settings):
    workload = dataclasses.replace(WORKLOADS["mlp"], model=model)
    return rules.judgement(gate.timings(Loop(workload)), assignments(folder, settings))


def assignments(folder, settings):
    return [
        assignment(folder, id=n, seed=n, setting=setting(n, **given), metric="valid/error")
        for n, given in enumerate(settings)
    ]


DECLINED = {
    "another width": (
        lambda given: nn.Sequential(nn.Linear(6, int(given["t"])), nn.Linear(int(given["t"]), 2)),
        r"they differ in `0\.out_features` \(1, 2\)",
    ),
    "half precision": (
        lambda given: nn.Linear(6, 2).to(torch.bfloat16),
        r"its parameters are `torch\.bfloat16`",
    ),
    "an exception": (lambda given: 1 / 0, r"ZeroDivisionError.* \(test_gate\.py:\d+: `"),
}


@pytest.mark.parametrize("name", DECLINED)
def test_what_a_stack_cannot_do_is_declined_with_its_culprit(tmp_path, name):
    model, said = DECLINED[name]

    found = judged(tmp_path, model, [{"t": float(n + 1)} for n in range(4)])

    assert found.width == 1
    assert re.search(said, found.reason)


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 4).double()
        self.out = nn.Linear(4, 2).double()

    def forward(self, x):
        q = self.inner(x.view(-1, 1, 3, 2))
        return self.out(F.scaled_dot_product_attention(q, q, q).mean((1, 2)))


def test_one_trial_alone_needs_no_stack(tmp_path):
    found = judged(tmp_path, lambda given: nn.Linear(6, 2).double(), [{}])

    assert (found.width, found.reason) == (
        1,
        "no two trials may share a stack: there is only one trial.",
    )


def test_trials_of_several_optimizers_share_a_stack(tmp_path):
    optimizers = [{"optimizer": name} for name in ("adam", "sgd", "nesterov", "nadam")]

    found = judged(tmp_path, lambda given: nn.Linear(6, 2).double(), optimizers)

    assert found.width == 4
    assert "loops" not in found.reason  # more optimizers are more operators, but not more a trial


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_operators_that_loop_over_the_trials_are_named(tmp_path):
    loop = Loop(dataclasses.replace(WORKLOADS["mlp"], model=lambda given: Attending()))

    names = gate._looping(loop, assignments(tmp_path, [{}] * 4))

    assert names == [] or "scaled_dot_product" in names[0]


def test_a_counter_of_the_workload_itself_is_a_culprit(tmp_path):
    class Annealed:
        calls = 0
        training, validation = WORKLOADS["mlp"].training, WORKLOADS["mlp"].validation

        def __init__(self):
            self.calls = 0

        def model(self, setting):
            return nn.Linear(6, 2).double()

        def loss(self, predict, batch, setting):
            self.calls += 1
            return F.cross_entropy(predict(batch[0]), batch[1])

        def metrics(self, predict, batch):
            return {"error": predict(batch[0]).mean()}

    loop = Loop(workload_of(Annealed))

    found = rules.judgement(gate.timings(loop), assignments(tmp_path, [{}] * 3))

    assert "it counts in Python. The forward pass changes `self.calls`" in found.reason


def test_whatever_differs_between_trials_differs_between_those_compared(tmp_path):
    """A number in a closure that the first three share would be given to all, unseen."""
    settings = [{"t": 1.0}] * 5 + [{"t": 2.0}]

    def model(given):
        return Between(lambda x: x * given["t"], 6).double()

    assert "`model` reads `t`" in judged(tmp_path, model, settings).reason


@pytest.mark.parametrize(
    ("allowed", "width", "said"), [(12, 8, "Memory allows 8."), (2, 1, "would take"), (999, 32, "")]
)
def test_a_stack_is_no_wider_than_memory_allows(tmp_path, monkeypatch, allowed, width, said):
    monkeypatch.setattr(rules, "WIDTHS", (4, 8, 16, 32))
    monkeypatch.setattr(rules, "_times", lambda timings, trials, widths: {1: 99.0, widths[-1]: 1.0})
    monkeypatch.setattr(gate, "_bytes_a_trial", lambda *given: 1e9)
    have = allowed * 1e9 / rules.SHARE
    monkeypatch.setattr(memory, "available_bytes", lambda device, workers: have)

    found = judged(tmp_path, lambda given: nn.Linear(6, 2).double(), [{}] * 4)

    assert found.width == width
    assert said in found.reason


def test_a_wider_stack_is_known_to_take_more_memory(tmp_path):
    loop = Loop(WORKLOADS["cnn"])
    peaks = [
        memory.peak_bytes(gate._stack(loop, trials, width).recording())
        for trials in [assignments(tmp_path, [{}] * 2)]
        for width in (2, 8)
    ]

    assert 3 < peaks[1] / peaks[0] <= 4.2


def test_memory_is_shared_by_the_workers_of_a_machine():
    one, four = (memory.available_bytes(torch.device("cpu"), workers=n) for n in (1, 4))

    assert one > 1e8
    assert one / four == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize(("together_s", "threads"), [(0.06, 2), (0.10, None)])
def test_one_stack_with_all_threads_is_chosen_where_it_measures_faster(
    tmp_path, monkeypatch, together_s, threads
):
    """A stack of four takes 0.16 s with one thread, so two workers come to 0.02 s a trial."""
    times = {"plain": 0.2, 1: 0.16, 2: together_s}
    monkeypatch.setattr(
        gate, "_best_s", lambda run: times[torch.get_num_threads() if is_stack(run) else "plain"]
    )
    monkeypatch.setattr(rules, "WORTH", 1.1)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        workload = dataclasses.replace(WORKLOADS["mlp"], model=lambda given: linear())
        found = rules.judgement(
            gate.timings(Loop(workload)), assignments(tmp_path, [{}] * 4), workers=2
        )
    finally:
        torch.set_num_threads(before)

    assert found.threads == threads
    assert ("in one stack with 2 threads" in found.reason) == (threads is not None)


def linear():
    return nn.Linear(6, 2).double()


def is_stack(run):
    return getattr(run, "__name__", "") == "rows_after"
