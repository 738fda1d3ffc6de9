"""Pages: the newest report of an experiment, made again when trials ended, and not too often."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from ..errors import RunError
from ..text.signs import bounded

# Making a page takes at most this share of one processor.
_SHARE: Final = 0.1
# After what went wrong it is tried again so often.
_AGAIN_S: Final = 10.0
# So many signs of what is no page are shown.
_SHOWN: Final = 200


@final
@dataclass(frozen=True, kw_only=True)
class Page:
    """A report as it is served.

    Args:
        ended: How many trials had ended.
        hashes: The scripts that may run in it, as a policy has them.
        findings: As the panel compares them.
        made_s: When it was made, Unix seconds: a newer one is known by it, whoever made it.
    """

    ended: int
    html: bytes
    hashes: Sequence[str]
    findings: Sequence[dict[str, str]]
    made_s: float


@final
class Pages:
    """Makes the report of one experiment in short-lived processes, one at a time.

    Args:
        store: The store's path.
        name: Of the experiment.
        page_lock: Is held while a page is made: experiments take turns.
        on_page: Is called, in another thread, when there is a new page or trouble.

    Attributes:
        page: The newest; None before the first.
        trouble: Why there is no newer one, a sentence; empty where there is.
    """

    def __init__(
        self, store: Path, name: str, page_lock: threading.Lock, on_page: Callable[[], object]
    ) -> None:
        """Makes nothing yet."""
        # -P: what is called like a module of ours in the folder of a run is not loaded for it.
        self._command = [sys.executable, "-P", "-m", "etude.serve.render", str(store), name]
        self._page_lock, self._on_page = page_lock, on_page
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._asked: int | None = None
        self.next_s = 0.0
        self.libraries: dict[str, bytes] = {}
        self.page: Page | None = None
        self.trouble = ""

    @property
    def is_busy(self) -> bool:
        """Whether a page is being made."""
        return self._asked is not None

    def consider(self, ended: int) -> bool:
        """Makes a page where trials ended since the last one, and that one was long enough ago."""
        is_old = self.page is None or self.page.ended != ended
        if not is_old or self.is_busy or self._is_closed or time.monotonic() < self.next_s:
            return False
        if not self._page_lock.acquire(blocking=False):
            return False
        self._asked = ended
        threading.Thread(target=self._make, daemon=True, name="etude page").start()
        return True

    def close(self) -> None:
        """Ends what is being made."""
        self._is_closed = True
        if self._process is not None:
            self._process.kill()

    def _make(self) -> None:
        begin_s, before_s = time.monotonic(), _children_s()
        try:
            self._take(self._output())
            self.trouble = ""
        except RunError as error:
            self.trouble = str(error)
        finally:
            spent_s = _children_s() - before_s
            self.next_s = begin_s + max(spent_s / _SHARE, _AGAIN_S if self.trouble else 0.0)
            self._asked = None
            self._page_lock.release()
            self._on_page()

    def _output(self) -> bytes:
        """What the process wrote.

        Raises:
            RunError: where it could not, with a sentence that says why.
        """
        process = self._started()
        output, errors = process.communicate()
        if process.returncode == 0:
            return output
        lines = errors.decode(errors="replace").strip().splitlines()
        raise RunError(lines[-1] if lines else f"It ended with {process.returncode}.")

    def _started(self) -> subprocess.Popen[bytes]:
        # Small matrices: several threads would wait for each other.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the server, which ends it
            )
        except OSError as error:
            raise RunError(f"No process can be started for it ({error.strerror}).") from error
        if self._is_closed:  # since it was considered
            self._process.kill()
        return self._process

    def _take(self, output: bytes) -> None:
        head, _, rest = output.partition(b"\n")
        try:
            known: dict[str, Any] = json.loads(head)
            library, html = rest[: known["library"]], rest[known["library"] :]
            page = Page(
                ended=known["ended"],
                html=html,
                hashes=known["hashes"],
                findings=known["findings"],
                made_s=round(time.time(), 3),
            )
        except (ValueError, KeyError, TypeError) as error:
            start = bounded(head.decode(errors="replace"), _SHOWN)
            raise RunError(f"What came in its place is no report: {start}") from error
        if library:
            self.libraries = {known["digest"]: library}
        self.page = page


def _children_s() -> float:
    """What processes of this one have computed that are over: they make one page at a time."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
