"""A thread that starts programs, and lives as long as this process.

Linux ends a worker with its parent by a signal, and its parent is the *thread* that started it: a
run in a thread that ends would take its workers along.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar, final

Made = TypeVar("Made")


@final
class Starter:
    """Calls what it is given in a thread of its own, one after another."""

    def __init__(self) -> None:
        """Starts no thread before there is something to start."""
        self._forget()
        os.register_at_fork(after_in_child=self._forget)  # a fork has no thread of ours

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._requests: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()

    def call(self, start: Callable[[], Made]) -> Made:
        """What `start` returns or raises."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="etude starter")
                self._thread.start()
        answer: Future[Made] = Future()
        self._requests.put((answer, start))
        return answer.result()

    def finish(self) -> None:
        """Waits until whatever was asked for is done, whoever left meanwhile."""
        if self._thread is not None:
            self.call(lambda: None)

    def _run(self) -> None:
        while True:
            answer, start = self._requests.get()
            try:
                answer.set_result(start())
            except BaseException as error:  # noqa: BLE001  # raised again where it was asked for
                answer.set_exception(error)


STARTER = Starter()
