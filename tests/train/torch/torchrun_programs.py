"""Rounds on two ranks, begun as torchrun begins them; `python -m` runs each and prints its end.

The ranks are forked off one process, so that PyTorch is imported once. Each round is to be over
within a limit: a process that hangs is ended by its alarm, which is told apart.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tests.train import imbalanced
from torch import nn

import etude
from etude.errors import EtudeError
from etude.round.run import run
from etude.train.torch import hosts

# Far more than any of them takes, on a machine that does much else.
LIMIT_S = 150
STEPS = 6


def train(trial: Any) -> None:
    """A weight that both ranks train; one of them may break in the fourth step."""
    torch.manual_seed(trial.seed)
    net = nn.Linear(2, 1)
    trial.restore(lambda folder: net.load_state_dict(torch.load(folder / "net.pt")))
    for step in trial.steps():
        if step == 3 and os.environ["BREAKS"] == f"dies on {hosts.rank()}":
            os.kill(os.getpid(), signal.SIGKILL)
        if step == 3 and os.environ["BREAKS"] == f"raises on {hosts.rank()}":
            raise LookupError("no word of that number")
        net.zero_grad()
        loss = net(torch.ones(1, 2) * (1 + hosts.rank())).square().mean()
        loss.backward()
        hosts.sum_gradients(net)
        with torch.no_grad():
            for part in net.parameters():
                part -= trial["rate"] * part.grad
        total = hosts.sum_over_ranks(loss.item())
        if trial.evaluates(step):
            trial.report(
                step,
                {"valid/loss": total},
                checkpoint=lambda folder: torch.save(net.state_dict(), folder / "net.pt"),
            )


def round_of(folder: Path, breaks: str) -> None:
    """Plays a round, which pauses and stops trials, and prints what became of them."""
    os.environ["BREAKS"] = breaks
    experiment = etude.Experiment(
        name="ranks",
        metric="valid/loss",
        max_steps=STEPS,
        evaluations=3,
        trials=4,
        nuisance={"rate": etude.Real(1e-3, 1e-2, log=True)},
        schedule="asha",
        schedule_options={"eta": 2},
    )
    if breaks == "workload":  # which the file names, so that each rank has to load it
        experiment = replace(experiment, train="imbalanced.py:Imbalanced")
        run(experiment, store=folder / "etude.db", folder=Path(imbalanced.__file__).parent)
    result = run(experiment, train, store=folder / "etude.db")
    print(json.dumps([record.status for record in result.records]))


def rank(folder: Path, breaks: str, variables: dict[str, str], said: int) -> int:
    """Forks one rank, whose words go to a file; its process id."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        signal.alarm(LIMIT_S)
        os.environ.update(variables)
        os.dup2(said, 1)
        os.dup2(said, 2)
        round_of(folder, breaks)
        code = 0
    except SystemExit as error:
        code = int(error.code or 0)
    except EtudeError as error:
        print(error)
    except BaseException:  # noqa: BLE001  # whatever it is, this process ends with it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def played(folder: Path, breaks: str) -> dict[str, Any]:
    """The exit codes of both ranks, what they said, and after how many seconds both were over."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"TORCHELASTIC_RUN_ID": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    shared |= {"WORLD_SIZE": "2", "GLOO_SOCKET_IFNAME": "lo"}
    begin = time.monotonic()
    path = folder / f"{breaks or 'plain'}.txt"
    said = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    pids = [rank(folder, breaks, {**shared, "RANK": str(one)}, said) for one in range(2)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    return {"codes": codes, "said": path.read_text(), "wall_s": time.monotonic() - begin}


if __name__ == "__main__":
    place = Path(sys.argv[1])
    answers = {
        "stops": played(place / "stops", ""),
        "dies": played(place / "dies", "dies on 1"),
        "after it died": played(place / "dies", ""),
        "raises": played(place / "raises", "raises on 0"),
        "workload": played(place / "workload", "workload"),
        "raises elsewhere": played(place / "elsewhere", "raises on 1"),
    }
    print(json.dumps(answers))
