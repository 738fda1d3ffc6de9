"""Tee: a standard stream whose words go to another place too, for as long as a block runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, Literal, Protocol, TextIO, TypeAlias, final

Name: TypeAlias = Literal["stdout", "stderr"]


class Sink(Protocol):
    """The other place."""

    def write(self, text: str, /) -> object:
        """Takes words."""

    def flush(self) -> object:
        """Lets go of what it holds back."""


@contextmanager
def copied(name: Name, sink: Sink) -> Iterator[None]:
    """Lets what is written to a standard stream in the block go to the sink too."""
    tee = _Tee(name, sink)
    redirected = redirect_stdout(tee) if name == "stdout" else redirect_stderr(tee)
    try:
        with redirected:
            yield
    finally:
        tee.sink = None


@final
class _Tee:
    """Stands in a stream's place and has all that the stream has; what is written is copied too.

    Whoever took it for the stream, as a handler of logs does, may outlive its block: its words then
    go to the sink of the block that runs. What goes around it, as the words of a program that gets
    the descriptor do, is shown alone. It is no `TextIOBase`: that one's `fileno` and `encoding`
    would hide the stream's own.
    """

    def __init__(self, name: Name, sink: Sink) -> None:
        self.stream: TextIO = getattr(sys, name)
        self.sink: Sink | None = sink
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __enter__(self) -> _Tee:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def buffer(self) -> _Bytes:
        """The bytes below; none where the stream has none."""
        return _Bytes(self)

    def write(self, text: str) -> int:
        """Writes to both."""
        self.copy(text)
        try:
            return self.stream.write(text)
        except UnicodeEncodeError as error:  # the log has it as it is, as a worker's does
            held = text.encode(error.encoding, "backslashreplace").decode(error.encoding)
            return self.stream.write(held)

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes them to both."""
        for line in lines:
            self.write(line)

    def copy(self, text: str) -> None:
        """Writes to the sink alone."""
        if (sink := self._sink_now()) is not None:
            sink.write(text)

    def flush(self) -> None:
        """Flushes both."""
        if (sink := self._sink_now()) is not None:
            sink.flush()
        self.stream.flush()

    def isatty(self) -> bool:
        """False, as in a worker: colours and bars have no place in a log."""
        return False

    def detach(self) -> _Bytes:
        """The bytes below; the stream goes on, for the run prints there too."""
        return self.buffer

    def close(self) -> None:
        """Flushes, and leaves the stream open: the run prints there too."""
        self.flush()

    def _sink_now(self) -> Sink | None:
        now = getattr(sys, self._name) if self.sink is None else self
        return now.sink if isinstance(now, _Tee) else None


@final
class _Bytes:
    """The bytes below a stream, written as its words are.

    To close them leaves the stream open: a wrapper of the user's does that as soon as it is gone.
    """

    def __init__(self, tee: _Tee) -> None:
        self._tee = tee
        self._stream = tee.stream.buffer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Writes to both."""
        self._tee.copy(bytes(data).decode("utf-8", "backslashreplace"))
        return self._stream.write(data)

    def close(self) -> None:
        """Flushes."""
        self._stream.flush()
