"""What ranks do in tests, at the top of a file, since another process imports it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import torch
from tests.train.stacks import Told
from tests.train.stacks import trial as trial_of
from torch import distributed as dist
from torch import nn
from torch.nn import functional as F

from etude.errors import RunError
from etude.train.hosts import seeds, shard
from etude.train.torch import hosts
from etude.train.torch.rank_trial import RankTrial, shared
from etude.train.torch.ranks import finish, follow
from etude.train.torch.synchronized import with_all_ranks

EXAMPLES, BATCH = 21, 4


def network() -> nn.Module:
    layers = (nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Tanh(), nn.Flatten(), nn.Linear(12, 2))
    return with_all_ranks(nn.Sequential(*layers)).double()


def images() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(EXAMPLES, 1, 4, 4, generator=generator, dtype=torch.float64)
    return inputs, (inputs.mean((1, 2, 3)) > 0).long()


def train_together(trial: RankTrial) -> None:
    """An epoch over uneven shards: the numbers of one process with the whole batch."""
    own = seeds(trial.seed, hosts.rank())
    torch.manual_seed(own.initialization)
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=trial["learning_rate"], momentum=0.9)
    inputs, labels = images()
    rows = list(shard(EXAMPLES, hosts.rank(), hosts.ranks()))
    size = BATCH // hosts.ranks()
    batches = [
        (inputs[part], labels[part])
        for start in range(0, len(rows), size)
        for part in [rows[start : start + size]]
    ]
    for step, (given, wanted) in zip(trial.steps(), hosts.in_step(batches), strict=False):
        optimizer.zero_grad()
        loss = hosts.share(F.cross_entropy(net(given), wanted), len(given))
        loss.backward()
        hosts.sum_gradients(net)
        optimizer.step()
        trial.log(step, {"train/loss": hosts.sum_over_ranks(loss.item())})
    wrong = (net.eval()(inputs[rows]).argmax(1) != labels[rows]).double().mean().item()
    values = hosts.mean_over_ranks({"valid/error": wrong}, len(rows))
    numbers = torch.cat([part.detach().reshape(-1).double() for part in net.state_dict().values()])
    values |= {f"number/{place}": number for place, number in enumerate(numbers.tolist())}
    values["own/batches"] = len(batches)
    values["apart"] = apart(numbers)
    trial.report(step, values, checkpoint=lambda folder: torch.save(numbers, folder / "net.pt"))


def apart(numbers: torch.Tensor) -> float:
    """How far the numbers of a rank lie from those of the first, over all ranks; 0 for no bit."""
    firsts = numbers.clone()
    if hosts.ranks() > 1:
        dist.broadcast(firsts, src=0)
    return hosts.sum_over_ranks((firsts - numbers).abs().max().item())


def use_everything(trial: RankTrial) -> None:
    """All that ranks agree on, in one group: every start of a process costs seconds."""
    rank = hosts.rank()
    loaded: list[float] = []
    trial.restore(lambda folder: loaded.append(float((folder / "value").read_text())))
    averages = moved_averages(rank)
    gaps = moved_averages(rank)
    hosts.synchronize_averages(averages)
    hosts.synchronize_averages(gaps, between=True)
    net = nn.Linear(1, 1)
    nn.init.constant_(net.weight, 5.0 + rank)
    hosts.copy_first(net)
    steps = []
    for step in trial.steps():
        steps.append(step)
        trial.log(step, {"step": step, "rank": rank})
    values = {
        "loaded": hosts.sum_over_ranks(loaded[0]),
        "steps": hosts.sum_over_ranks(sum(steps)),
        "evaluates": hosts.sum_over_ranks(sum(map(trial.evaluates, range(8)))),
        "rate": hosts.sum_over_ranks(trial["learning_rate"]),
        "mean": averages[0].running_mean.item(),
        "variance": averages[0].running_var.item(),
        "total_variance": gaps[0].running_var.item(),
        "copied": hosts.sum_over_ranks(net.weight.item()),
        "weighed": hosts.mean_over_ranks({"x": float("nan") if rank else 7.0}, 1 - rank)["x"],
        "unknown": hosts.sum_over_ranks("momentum" in trial),
        "no_batch": hosts.sum_over_ranks(refused_without_batch(rank)),
        "unseen": hosts.sum_over_ranks(trial.is_first),
    }
    trial.report(7, {"valid/error": 0.5, **values, **followed(rank)})


def moved_averages(rank: int) -> nn.Sequential:
    net = nn.Sequential(nn.BatchNorm1d(1))
    nn.init.constant_(net[0].running_mean, [1.0, 5.0][rank])
    nn.init.constant_(net[0].running_var, [2.0, 4.0][rank])
    return net


def refused_without_batch(rank: int) -> bool:
    try:
        list(hosts.in_step([] if rank else [torch.zeros(2)]))
    except RunError as error:
        return "1 of 2 ranks have no batch at all" in str(error)
    return False


def followed(rank: int) -> dict[str, float]:
    """Two more trials, which the first rank hands out and the other follows."""
    done: list[int] = []
    if rank:
        follow(lambda trial: done.extend(trial.steps()))
    else:
        for number in range(2):
            told = trial_of(Path("nowhere"), number, Told(), steps=3 + number)
            done.extend(shared(told).steps())
        finish()
    return {"followed": hosts.sum_over_ranks(len(done))}


def raise_on_the_second(trial: RankTrial) -> None:
    for _ in trial.steps():
        hosts.sum_over_ranks(1.0)
        if hosts.rank() == 1:
            raise ValueError("the loader of this rank is empty")


def die_on_the_second(trial: RankTrial) -> None:
    for _ in trial.steps():
        hosts.sum_over_ranks(1.0)
        if hosts.rank() == 1:
            os.kill(os.getpid(), signal.SIGKILL)


def diverge(trial: RankTrial) -> None:
    for step in trial.steps():
        trial.log(step, {"train/loss": float("nan") if step == 1 else 1.0})
        assert step < 2, "The second step was the last. This is a bug."
        hosts.sum_over_ranks(1.0)
