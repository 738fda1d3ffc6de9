"""The stopwatch: times the steps of a training by what its trial is told of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias, final

from ...assignment import Moment
from . import accelerator
from .messages import Probe, Shares
from .run_delay import run_delay_s
from .sampler import Sampler
from .tracer import Tracer

Tell: TypeAlias = Callable[[int, Mapping[str, float]], object]
Phase: TypeAlias = Literal["warm", "timed", "watched", "traced", "done"]
# What a library compiles or allocates at first use is over after so many steps; ten, or some time,
# fill its caches.
_LEAST_WARM, _MOST_WARM = 2, 10
# Heuristic: a stretch of so much time is read off a clock without error, and its end may be waited
# for without cost.
_STRETCHES = 10
# Heuristic: slow steps are counted for so much time at most, times that of quick ones.
_MOST_TIMES = 10
_LEAST_STRETCHES = 4
# A profiler's dozen (S5).
_TRACED_STEPS = 12


@final
class Stopwatch:
    """A channel of a trial that lets it warm up, times it, looks where its time goes, and halts it.

    Steps may be dispatched and not done: their end is waited for at the end of each stretch and
    before an evaluation, since a wait in each step would slow them.

    A stretch that an evaluation or the end of a training cuts goes on after the next warm-up: were
    it begun again, steps too quick to fill one between two evaluations would be timed only where
    something slowed them.
    """

    def __init__(
        self,
        probe: Probe,
        stepped: Callable[[], object],
        tell: Tell = lambda _step, _values: None,
    ) -> None:
        """`stepped` is called once, at the first step; `tell` takes the values of each.

        What it does with them is of the time of a step, as it is where a worker trains.
        """
        self._probe = probe
        self._stepped = stepped
        self._tell = tell
        self._is_walked = False
        self._last = self._from = self._begun = -1
        self._at_s = self._begun_s = 0.0
        # When it began to look, and after how many steps of all trainings: one may end meanwhile.
        self._looks_s, self._looks_from = 0.0, 0
        self._timed_s = self._delayed_s = self._passed_s = 0.0
        # Of the stretch before it was cut: steps, seconds, and those in which they had no turn.
        self._unfinished = (0, 0.0, 0.0)
        self.phase: Phase = "warm"
        self.blocks: list[tuple[int, float, float]] = []
        self.steps = 0
        self.tracer = Tracer()
        self._sampler: Sampler | None = None
        self._profile: Any = None

    def begin(self) -> None:
        """A training begins, from its first step."""
        if self.phase == "timed":
            # What was dispatched may not be done: its time is known where nothing is dispatched.
            if not accelerator.is_asynchronous():
                self._hold(self._last, self._passed_s)
            self.phase = "warm"
        self._last = self._begun = -1

    def halted(self) -> str:
        """Why the training is to end; empty while it goes on."""
        return "probed" if self.phase == "done" else ""

    def marked(self, moment: Moment, step: int) -> None:
        """A step is done, or an evaluation begins: its time is no step's."""
        if moment == "stepped":
            self._is_walked = True
            self._pass(step)
        elif moment == "evaluating" and self.phase == "timed":
            accelerator.synchronize()
            self._hold(step, time.perf_counter())
            self.phase = "warm"
            self._begun = -1

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Values at a step: of a loop of its own, they are all that is heard of it."""
        if not self._is_walked:
            self._pass(step)
        self._tell(step, values)

    def saved(self, step: int, value: float | None, contents: str) -> None:
        """A checkpoint: nothing to time."""

    def _pass(self, step: int) -> None:
        now_s = time.perf_counter()
        if step <= self._last:
            return
        if not self.steps:
            self._stepped()
        self.steps += 1 if self._last < 0 else step - self._last
        self._last, self._passed_s = step, now_s
        if self._begun < 0:
            self._begun, self._begun_s = step, now_s
        frame = sys._getframe(2)  # noqa: SLF001  # the loop's, whose variables are looked at
        {
            "warm": self._warm,
            "timed": self._time,
            "watched": self._watch,
            "traced": self._trace,
            "done": _nothing,
        }[self.phase](step, now_s, frame)

    def _warm(self, step: int, now_s: float, frame: Any) -> None:
        del frame
        done = step - self._begun
        is_warm = done >= _MOST_WARM or now_s - self._begun_s >= self._probe.warm_s
        if done >= _LEAST_WARM - 1 and is_warm:
            self.phase = "timed"
            self._start_stretch(step)

    def _time(self, step: int, now_s: float, frame: Any) -> None:
        del frame
        if self._unfinished[1] + now_s - self._at_s < self._probe.timed_s / _STRETCHES:
            return
        accelerator.synchronize()
        self._hold(step, time.perf_counter())
        self.blocks.append(self._unfinished)
        self._timed_s += self._unfinished[1]
        self._unfinished = (0, 0.0, 0.0)
        is_enough = self._timed_s >= self._probe.timed_s and len(self.blocks) >= _LEAST_STRETCHES
        if is_enough or self._timed_s >= _MOST_TIMES * self._probe.timed_s:
            self.phase = "watched" if self._probe.watched_s else "done"
        self._start_stretch(step)

    def _hold(self, step: int, now_s: float) -> None:
        """Keeps what was timed of a stretch, up to a step and a moment."""
        if step <= self._from:
            return
        took_s = now_s - self._at_s
        # It is read now: what a training did after its last step waited as often as its steps.
        share = took_s / max(time.perf_counter() - self._at_s, took_s)
        delayed_s = share * max(run_delay_s(self._probe.threads) - self._delayed_s, 0.0)
        delayed_s = min(delayed_s, took_s)
        steps, seconds, delayed = self._unfinished
        self._unfinished = (steps + step - self._from, seconds + took_s, delayed + delayed_s)

    def _start_stretch(self, step: int) -> None:
        accelerator.synchronize()
        self._delayed_s = run_delay_s(self._probe.threads)
        self._from, self._at_s = step, time.perf_counter()

    def _watch(self, step: int, now_s: float, frame: Any) -> None:
        del step
        if self._sampler is None:
            self._sampler, self._looks_s, self._looks_from = Sampler(), now_s, self.steps
            self._sampler.start()
            if (torch := accelerator.cuda_torch()) is not None:
                self._start_profiler(torch)
            return
        watched_s = now_s - self._looks_s
        steps = self.steps - self._looks_from
        is_long = watched_s >= self._probe.watched_s and steps >= _TRACED_STEPS
        if is_long or watched_s >= _MOST_TIMES * self._probe.watched_s:
            self._sampler.stop()
            if self._profile is not None:
                self._profile.stop()
            self.phase = "traced"
            self.tracer.start(frame)

    def _trace(self, step: int, now_s: float, frame: Any) -> None:
        del step
        self.tracer.step(frame)
        is_slow = now_s - self._looks_s >= 2 * _MOST_TIMES * self._probe.watched_s
        if self.tracer.steps >= _TRACED_STEPS or is_slow:
            self.tracer.stop(frame)
            self.phase = "done"

    # --- the shares

    def _start_profiler(self, torch: Any) -> None:
        try:
            self._profile = accelerator.profiler(torch)
            self._profile.start()
        except Exception:  # noqa: BLE001  # a profiler that is not there must not end a training
            self._profile = None

    def watched_shares(self) -> Shares | None:
        """Where the time goes; None where nobody looked, or too briefly."""
        sampler = self._sampler
        if sampler is None or self.phase not in ("traced", "done"):
            return None
        shares = sampler.shares(self.tracer.synchronized)
        if accelerator.cuda_torch() is None:
            return shares
        return _of_device(shares, self._profile, sampler.wall_s)


def _of_device(shares: Shares, profile: Any, wall_s: float) -> Shares:
    """The shares with what a profiler of the device says of copies and waits."""
    if profile is None:
        return replace(shares, unclear="PyTorch's profiler could not be started")
    copies, waited = accelerator.profiled_shares(profile, wall_s)
    return replace(shares, copies=copies, synchronization=min(waited, shares.synchronization))


def _nothing(step: int, now_s: float, frame: Any) -> None:
    del step, now_s, frame
