"""Train functions as a user writes them; workers import them by `loops.py:NAME`.

Each is a function of the setting, the seed and what was restored, so that values can be compared.
"""

from __future__ import annotations

import errno
import math
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import etude

IMPORTS = Path(os.environ.get("LOOPS_IMPORTS", os.devnull))
IMPORTS.open("a").write(f"{os.getpid()} {__name__}\n") if IMPORTS.name != "null" else None


def train(trial):
    """Moves a weight by a step of its own size each, checkpoints at every evaluation."""
    weight = random.Random(trial.seed).random()

    def load(path: Path) -> None:
        nonlocal weight
        weight = float((path / "weight").read_text())

    def save(path: Path) -> None:
        (path / "weight").write_text(repr(weight))

    trial.restore(load)
    for step in trial.steps():
        weight *= 1.0 - trial["learning_rate"] * random.Random(step).random()
        trial.log(step, {"train/loss": weight})
        if trial.evaluates(step):
            trial.report(
                step,
                {"valid/loss": weight, "valid/error": weight / 2},
                checkpoint=save,
            )


def is_current(trial):
    """Whether the trial that it was handed is the one that this process trains."""
    for step in trial.steps():
        trial.report(step, {"valid/loss": float(etude.current() is trial)})


def asks_for_its_trial():
    trial = etude.current()
    assert trial is not None
    trial.report(trial.final_step, {"valid/loss": trial["learning_rate"]})


def cannot_load(trial):
    """Its code was changed since it wrote the checkpoint."""

    def load(path: Path) -> None:
        raise KeyError("encoder")

    trial.restore(load)
    train(trial)


def loads_later(trial):
    """Keeps the folder, and loads when it has made its model."""
    folders: list[Path] = []
    if trial.restore(folders.append):
        raise KeyError(folders[0].name)
    train(trial)


def interrupted(trial):
    """The same, but its worker dies once, after the second checkpoint."""
    _die_at(trial, "died", 5)
    train(trial)


class KilledWhenJudged:
    """A loop whose first workers are killed as soon as they look whether it has a workload."""

    def __call__(self, trial):
        train(trial)

    @property
    def workload(self):
        if Path(os.environ["STARTS"]).stat().st_size <= int(os.environ["KILLED_WHEN_JUDGED"]):
            os.kill(os.getpid(), signal.SIGKILL)


killed_when_judged = KilledWhenJudged()


def _die_at(trial: Any, mark: str, step: int) -> None:
    steps, folder = trial.steps, trial.folder

    def until_death():
        for one in steps():
            if one == step and not (folder / mark).exists():
                (folder / mark).touch()
                os._exit(7)
            yield one

    trial.steps = until_death


def returns(trial):
    return trial["learning_rate"]


def returns_words(trial):
    return ["no number"]


def raises(trial):
    trial.log(0, {"train/loss": 1.0})
    build(width=3)


def build(width):
    raise ValueError(f"no width {width}")


def raises_from(trial):
    try:
        build(width=3)
    except ValueError as error:
        raise RuntimeError("no model") from error


def asks_wrongly(trial):
    return trial["learning_rat"]


def leaves(trial):
    sys.exit("enough")


def interrupts_itself(trial):
    raise KeyboardInterrupt("enough")


def nan_at_once(trial):
    for step in trial.steps():
        trial.log(step, {"train/loss": math.nan})


def nan(trial):
    trial.log(0, {"train/loss": 1.0, "grad_norm": math.nan})
    trial.log(3, {"train/loss": math.nan})


def diverges(trial):
    trial.log(0, {"train/loss": 1.0})
    trial.log(3, {"train/loss": 102.0})


def runs_out_of_memory(trial):
    raise MemoryError


def runs_out_of_device_memory(trial):
    raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")


def fills_the_disk(trial):
    raise OSError(errno.ENOSPC, "No space left on device")


def misreports(trial):
    trial.report(0, {"valid/lost": 1.0, "valid/error": 1.0})


def is_silent(trial):
    trial.log(0, {"valid/loss": 1.0})


def prints(trial):
    print("a word")
    print("a complaint", file=sys.stderr)
    return 1.0


def prints_from_c(trial):
    os.write(1, b"from below\n")
    return 1.0


def restores_late(trial):
    for _ in trial.steps():
        trial.restore(lambda path: None)


def swallows(trial):
    """Goes on whatever `report` raises."""
    for step in range(trial.max_steps):
        try:
            trial.report(step, {"valid/loss": 1.0}, checkpoint=lambda path: None)
        except Exception:  # noqa: BLE001  # as careless users do
            continue


def never_restores(trial):
    """Writes checkpoints that it never reads."""
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": 1.0}, checkpoint=lambda path: None)


def reports_alone(trial):
    """Writes no checkpoint."""
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": 1.0 / (step + 1)})


def takes_its_time(trial):
    """Passes its limit in the loop."""
    for step in trial.steps():
        trial.report(step, {"valid/loss": 1.0})
        until = time.monotonic() + 0.02
        while time.monotonic() < until:
            pass


def never_comes_back(trial):
    signal.pause()


def exits(trial):
    os._exit(7)


def is_killed(trial):
    os.kill(os.getpid(), signal.SIGKILL)


def dies_once(trial):
    if not (trial.folder / "died").exists():
        (trial.folder / "died").touch()
        os._exit(7)
    return trial["learning_rate"]


def dies_after_its_end(trial):
    """Its worker flushes before the end is sent, and after."""
    worker, flushed = sys.modules["__main__"], iter(range(9))

    def flush():
        if next(flushed) > 1:  # after its report and its end
            os._exit(7)

    vars(worker)["_flush"] = flush
    return trial["learning_rate"]


def leaves_an_orphan(trial):
    """A child that it forked holds every open file while the worker itself dies."""
    if os.fork() == 0:
        signal.alarm(20)
        signal.pause()
    os._exit(7)


def closes_everything(trial):
    os.closerange(3, 256)
    return 1.0


def tells_its_environment(trial):
    names = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "LOOPS_TOLD")
    text = "\n".join(f"{name}={os.environ.get(name)}" for name in names)
    (trial.folder / "environment").write_text(text)
    return 1.0


def tells_its_imports(trial):
    text = [__name__, sys.modules["__main__"].__spec__.name, *sys.path]
    (trial.folder / "imports").write_text("\n".join(text))
    return 1.0


not_a_function = 3


def swallows_nan(trial):
    for step in trial.steps():
        with suppress(BaseException):  # as a bare `except: pass` does
            trial.report(step, {"valid/loss": math.nan if step == 2 else 1.0})


def reports_at(step):
    def loop(trial):
        trial.report(0, {"valid/loss": 1.0})
        trial.report(step, {"valid/loss": 1.0})

    return loop


reports_step_10_to_the_30 = reports_at(10**30)
reports_half_a_step = reports_at(0.5)
reports_past_the_end = reports_at(8)
reports_a_negative_step = reports_at(-1)


def loops_twice(trial):
    for _ in range(2):
        for step in trial.steps():
            trial.report(step, {"valid/loss": 1.0})


def exits_with_success(trial):
    trial.report(0, {"valid/loss": 1.0})
    sys.exit(0)


def is_silent_once(trial):
    if trial.id != 1:
        trial.report(0, {"valid/loss": 1.0})


def is_killed_after_reports(trial):
    """Reports three times, the second time and the third at once, and is gone."""
    for step in trial.steps():
        trial.report(step, {"valid/loss": float(step)})
        if step == 2:
            os.kill(os.getpid(), signal.SIGKILL)


def hangs_after_reports(trial):
    """Reports twice and never comes back."""
    for step in range(2):
        trial.report(step, {"valid/loss": float(step)})
    signal.pause()


def reads_late(trial):
    """Asks for two names: one before it begins, one at the last step."""
    rate = trial["learning_rate"]
    for step in trial.steps():
        if step == trial.max_steps - 1:
            rate *= trial["factor"]
        trial.log(step, {"train/loss": rate})
    trial.report(trial.max_steps - 1, {"valid/loss": rate}, checkpoint=lambda path: None)


def reads_if_asked(trial):
    """What `kind` says decides what else is asked for."""
    if "kind" in trial and trial["kind"] == "wide":
        return trial["width"]
    return trial["learning_rate"]


def takes_the_setting(trial):
    return dict(trial.setting)["learning_rate"]


def takes_it_apart(trial):
    return (lambda learning_rate, **others: learning_rate)(**trial.setting)


def takes_the_trial_apart(trial):
    return (lambda learning_rate, **others: learning_rate)(**trial)


def lists_the_names_and_reads_all(trial):
    """In another order than they are listed in."""
    assert list(trial)
    return [trial[name] for name in sorted(trial, reverse=True)][-2]


def reads_in_a_fork(trial):
    """As a data loader's worker process does, whose memory is a copy."""
    if (child := os.fork()) == 0:
        os._exit(0 if trial["width"] else 1)
    os.waitpid(child, 0)
    return trial["learning_rate"]


def reads_at_the_first_step_only(trial):
    """Resumed, it never asks for `factor` again."""
    trial.restore(lambda path: None)
    for step in trial.steps():
        value = trial["factor"] if step == 0 else 0.5
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": value}, checkpoint=lambda path: None)


class Wordless(Exception):
    """Nothing can be made of it but its kind."""

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


class Abort(BaseException):
    """No `Exception`, as some libraries have theirs."""


def raises_without_words(trial):
    raise Wordless


def raises_a_wordless_runtime_error(trial):
    raise type("Silent", (Wordless, RuntimeError), {})


def raises_no_exception(trial):
    raise Abort("enough of it")


def waits_for_go(trial):
    """Begins, waits until somebody says so, and trains its few steps."""
    for step in trial.steps():
        trial.report(step, {"valid/loss": 1.0})
        (trial.folder / "begun").touch()
        while not (trial.folder / "go").exists():
            time.sleep(0.001)


def forks(trial):
    """Forks in its loop, and both halves go on; what became of the forked one is reported."""
    codes = []
    for step in trial.steps():
        if step == 1:
            codes.append(_forked(lambda: trial.report(1, {"valid/loss": 5.0})))
        if step == 2 and not _fork(codes):
            continue
    if _fork(codes):
        trial.report(trial.final_step, {"valid/loss": 1.0})
        Path(os.environ["CODES"]).write_text(str(codes))
        return
    sys.exit(7)


def _forked(call):
    codes: list[int] = []
    if not _fork(codes):
        print("forked")
        call()
    return codes[0]


def _fork(codes):
    """Whether this is the half that forked, which waits for the other one; that dies in the end."""
    child = os.fork()
    if child:
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    else:
        signal.alarm(5)
    return child


def closes_its_streams(trial):
    """As a library does that makes a daemon of its process."""
    print("a word", flush=True)
    os.close(1)
    os.close(2)
    return 1.0


def uses_the_whole_stream(trial):
    """More than `print` does."""
    sys.stdout.reconfigure(line_buffering=True)
    subprocess.run([sys.executable, "-c", "print('a program')"], stdout=sys.stdout, check=True)
    sys.stdout.buffer.write(f"bytes of {sys.stdout.encoding}\n".encode())
    return 1.0


def prints_half_a_character(trial):
    print("\udcff")
    return 1.0
