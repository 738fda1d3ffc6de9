"""Processes for a trial: so many ranks on this host, or those that torchrun has started.

A rank that dies closes its connections, which ends the others at their next message; one that hangs
ends them after `limit_s`.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, NoReturn, TypeAlias, final

import torch
from torch import distributed as dist

from ...errors import Leave, RunError
from ...text.signs import text_of
from ...trial import Trial
from ..hosts import seeds
from .rank_trial import RankTrial, next_trial, no_more_trials, shared

TrainOfRanks: TypeAlias = Callable[[RankTrial], Any]
# Heuristic: longer than a slow evaluation of one rank alone.
LIMIT_S = 600.0
# Heuristic: the system closes what a process had open a moment before it says that it is over.
_CLOSING_S = 1.0
_INTERFACES = Path("/sys/class/net")
# What a follower says first.
_STARTED = ""


@final
class RankError(RuntimeError):
    """A rank of a trial ended before the others; the message has its own traceback."""


class _Group(NamedTuple):
    """What all ranks of a trial share: how many there are, and the file by which they meet."""

    ranks: int
    file: str
    limit_s: float
    threads: int


class _Function(NamedTuple):
    """A function at the top of a file: another process may know its module by no name."""

    module: str
    file: str
    name: str


class _Follower(NamedTuple):
    rank: int
    process: SpawnProcess
    words: Connection


def on_ranks(
    train: TrainOfRanks, trial: Trial, *, ranks: int = 2, limit_s: float = LIMIT_S
) -> None:
    """Trains one trial on so many processes of this host, this one the first of them.

    Each calls `train` with the trial as it sees it. `train` stands at the top of a file, since
    another process imports it. GPUs are given out by rank where there are enough: `cuda:0`,
    `cuda:1`; messages go by NCCL then, else by gloo.

    Args:
        train: What every rank does.
        trial: As Etude handed it.
        ranks: How many processes.
        limit_s: Seconds that a rank waits for another before it gives up.

    Raises:
        RankError: where another rank ended first, with its traceback.
        RunError: for a number of ranks that cannot be, or in a process that is a rank already.

    Source: B4.
    """
    if ranks < 1 or dist.is_initialized():
        why = "this process is one already" if ranks > 0 else f"got {ranks}"
        raise RunError(f"`on_ranks` starts one rank or more, but {why}. Call it once a trial.")
    with TemporaryDirectory(prefix="etude-ranks-") as folder:
        group = _Group(ranks, str(Path(folder) / "store"), limit_s, torch.get_num_threads())
        followers = [_started(train, rank, group) for rank in range(1, ranks)]
        try:
            _lead(train, trial, group, followers)
        finally:
            for one in followers:
                one.process.kill()
                one.process.join()
                one.words.close()


def _lead(train: TrainOfRanks, trial: Trial, group: _Group, followers: Sequence[_Follower]) -> None:
    """The part of the first rank."""
    _await_start(followers, group.limit_s)
    try:
        with _joined(group, 0):
            train(shared(trial))
    except Leave:  # so do the others, which were told
        _join(followers, group.limit_s)
        raise
    except RuntimeError as error:
        if why := _first_to_end(followers):
            raise RankError(why) from error
        if "timed out" in text_of(error).casefold():
            raise RankError(
                f"No rank ended, and the first waited {group.limit_s:g} s for another. See where "
                "ranks do not send the same messages in the same order, or raise `limit_s`."
            ) from error
        raise
    _join(followers, group.limit_s)


def _await_start(followers: Sequence[_Follower], limit_s: float) -> None:
    """Waits until every follower has imported what it trains: who joins alone waits for nobody.

    Raises:
        RankError: for one that ended before, or does not come to it.
    """
    for one in followers:
        wait([one.words, one.process.sentinel], limit_s)
        with suppress(EOFError):
            if one.words.poll() and one.words.recv() == _STARTED:
                continue
        one.process.join(_CLOSING_S)
        why = _first_to_end(followers)
        raise RankError(why or f"Rank {one.rank} had not started after {limit_s:g} s.")


def follow(train: TrainOfRanks) -> None:
    """On every rank but the first: trains along, trial after trial, until `finish` is called there.

    Under torchrun all ranks run one script: the first calls `etude.run` or `etude.ask` and then
    `finish`, its train function beginning with `shared(trial)`; the others call this.

    Source: B4.
    """
    while (trial := next_trial()) is not None:
        try:
            train(trial)
        except Leave:
            continue


def finish() -> None:
    """On the first rank: lets the others go that `follow`.

    Source: B4.
    """
    no_more_trials()


def _started(train: TrainOfRanks, rank: int, group: _Group) -> _Follower:
    context = multiprocessing.get_context("spawn")
    words, end = context.Pipe(duplex=False)
    asked = _by_file(train)
    process = context.Process(target=_serve, args=(asked, rank, group, end), daemon=True)
    process.start()
    end.close()
    return _Follower(rank, process, words)


def _by_file(train: TrainOfRanks) -> TrainOfRanks | _Function:
    """What a new process finds a function by: its file, where its module is none of a package."""
    module = sys.modules.get(train.__module__)
    file = getattr(module, "__file__", None)
    name = getattr(train, "__qualname__", "")
    is_named = "." in train.__module__ or train.__module__ == "__main__"
    if file is None or is_named or not name.isidentifier():
        return train
    return _Function(train.__module__, str(file), name)


def _imported(train: TrainOfRanks | _Function) -> TrainOfRanks:
    if not isinstance(train, _Function):
        return train
    spec = importlib.util.spec_from_file_location(train.module, train.file)
    assert spec is not None and spec.loader is not None, "A file has no loader. This is a bug."
    module = importlib.util.module_from_spec(spec)
    sys.modules[train.module] = module
    spec.loader.exec_module(module)
    function: TrainOfRanks = getattr(module, train.name)
    return function


def _serve(asked: TrainOfRanks | _Function, rank: int, group: _Group, words: Connection) -> None:
    """The program of a rank that follows."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(group.threads)
    try:
        train = _imported(asked)
        words.send(_STARTED)
        with _joined(group, rank), suppress(Leave):
            _follow(train, rank, words)
    except Exception as error:  # noqa: BLE001  # a user's code
        _say(error, words)
    end_process()


def _follow(train: TrainOfRanks, rank: int, words: Connection) -> None:
    try:
        trial = shared(None)
        torch.manual_seed(seeds(trial.seed, rank).preprocessing)
        train(trial)
    except Exception as error:  # noqa: BLE001  # a user's code
        _say(error, words)


def _say(error: Exception, words: Connection) -> NoReturn:
    """Said before the connections close, which ends the others."""
    words.send(f"{text_of(error)}\n\n{traceback.format_exc()}")
    end_process(1)


def end_process(status: int = 0) -> NoReturn:
    """Ends this process as it is: threads of libraries must not meet an interpreter that closes.

    Of ranks that closed as usual after their work was done one in twelve aborted.

    Source: B4.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "A rank that follows was started by the first. This is a bug."
    wait([parent.sentinel])
    os._exit(1)


@contextmanager
def _joined(group: _Group, rank: int) -> Iterator[None]:
    """The group of all ranks, for as long as they train."""
    on_gpus = torch.cuda.is_available() and torch.cuda.device_count() >= group.ranks
    if on_gpus:
        torch.cuda.set_device(rank)
    with _on_loopback():
        dist.init_process_group(
            "nccl" if on_gpus else "gloo",
            # A file in place of a port: no other program can take it, or speak to it.
            init_method=f"file://{group.file}",
            rank=rank,
            world_size=group.ranks,
            timeout=timedelta(seconds=group.limit_s),
        )
    try:
        yield
    finally:
        dist.destroy_process_group()


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Messages within a host need no network, and the name of a host may lead nowhere."""
    name = "GLOO_SOCKET_IFNAME"
    if name in os.environ or not (_INTERFACES / "lo").exists():
        yield
        return
    os.environ[name] = "lo"
    try:
        yield
    finally:
        del os.environ[name]


def _join(followers: Sequence[_Follower], limit_s: float) -> None:
    """Waits for the ranks that follow.

    Raises:
        RankError: for one that ended by an error, or does not end.
    """
    for one in followers:
        one.process.join(limit_s)
    if why := _first_to_end(followers):
        raise RankError(why)
    for one in followers:
        if one.process.exitcode is None:
            raise RankError(f"Rank {one.rank} had not ended {limit_s:g} s after the first.")


def _first_to_end(followers: Sequence[_Follower]) -> str:
    """What is said of the rank that ended by an error before all others; empty for none."""
    ends = [one.process.sentinel for one in followers]
    wait([*ends, *(one.words for one in followers)], _CLOSING_S)
    for one in followers:
        if one.words.poll():
            with suppress(EOFError):
                return f"Rank {one.rank} of {len(followers) + 1} ended first: {one.words.recv()}"
    for one in followers:
        if one.words.closed or one.words.poll():  # its end is closed, and so it is about to be over
            one.process.join(10 * _CLOSING_S)
        if code := one.process.exitcode:
            how = f"killed by signal {-code}" if code < 0 else f"with exit status {code}"
            return f"Rank {one.rank} of {len(followers) + 1} ended first, {how}."
    return ""
