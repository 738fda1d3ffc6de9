"""The progress of a round: a display redrawn on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence
from typing import final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from ..event import Ended, Event, Unrestored
from ..round.observer import Opening
from ..round.round_progress import RoundProgress
from ..wording import duration, quantity
from .data_lines import data_lines
from .display import screen
from .opening_lines import (
    is_cost_unknown,
    names_line,
    opening_lines,
    unread_line,
    unrestored_line,
)
from .terminal import printable

# What a line without a terminal names of the studies.
_MOST_STUDIES = 4
# Heuristic: a longer line is not taken in at a glance.
_MOST_WIDTH = 110
# A line without a terminal is said each time that so much of all trials has ended.
_SHARE = 0.1


@final
class Progress:
    """An observer that draws a display on a terminal, and says a line now and then elsewhere.

    Elsewhere is also a terminal that cannot be redrawn (`TERM=dumb`, or `TTY_INTERACTIVE=0`). There
    a line is said each time that another tenth of the trials has ended, and after a long silence.

    Args:
        console: Where to.
        verbose: Whether it is said why trials are not trained in stacks, too.
        silence_s: Seconds without a line, after which one is said, where there is no terminal.
        clock: Seconds of any origin.
    """

    def __init__(
        self,
        console: Console,
        *,
        verbose: bool = False,
        silence_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Shows nothing before the round begins."""
        self._console = console
        self._is_verbose = verbose
        self._silence_s = silence_s
        self._clock = clock
        self._live: Live | None = None
        self._notes: set[str] = set()

    def begin(self, opening: Opening) -> None:
        """Says what is wrong with the design and what two steps cost, and shows the display."""
        self._round = RoundProgress(opening, self._clock)
        self._line_s, self._said_share = self._clock(), self._ended_share()
        tried = opening.rehearsed
        self._is_cost_unknown = is_cost_unknown(tried)
        self._has_told = bool(tried and tried.returned)
        for line in opening_lines(opening, verbose=self._is_verbose):
            # Of the rounds of a series one says what all have in common.
            if line not in self._notes:
                self.say(line)
        self._notes |= {unread_line(opening), names_line(opening), *data_lines(tried)}
        if self._console.is_interactive:
            self._live = Live(
                console=self._console, get_renderable=self._screen, refresh_per_second=4
            )
            self._live.start()

    def see(self, events: Sequence[Event]) -> None:
        """Takes the events in."""
        for event in events:
            self._take(event)
        if self._live is None and self._is_due():
            self._line_s, self._said_share = self._clock(), self._ended_share()
            self.say(self._line())

    def end(self) -> None:
        """Leaves the last state of the display on the screen."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        else:
            self.say(self._line())

    def say(self, text: str) -> None:
        """Prints a text as it is: no name in it is markup, and none acts on the terminal."""
        lines = printable(text).splitlines() or [""]
        if self._console.is_terminal:
            lines = [part for line in lines for part in self._wrapped(line)]
        self._console.print(Text("\n".join(lines)))

    def _wrapped(self, line: str) -> list[str]:
        width = max(20, min(self._console.width, _MOST_WIDTH))
        margin = " " * (len(line) - len(line.lstrip()))
        return textwrap.wrap(
            line, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
        ) or [line]

    def _take(self, event: Event) -> None:
        self._round.take(event)
        if isinstance(event, Unrestored):
            self.say(unrestored_line(event))
        elif isinstance(event, Ended):
            self._tell(event.returned)

    def _tell(self, returned: str) -> None:
        """Says once what was returned and does not count: a rehearsal may not come so far."""
        if returned and not self._has_told:
            self._has_told = True
            self.say(returned)

    def _screen(self) -> Text:
        size = self._console.size
        is_plain = self._console.options.ascii_only
        return screen(self._round, width=size.width, height=size.height, is_plain=is_plain)

    def _is_due(self) -> bool:
        """Whether a line is said; the last one is said when the round is over."""
        share = self._ended_share()
        # What the rehearsal could not tell, the first trial does.
        tells_cost = self._is_cost_unknown and self._round.ended > 0
        self._is_cost_unknown = self._is_cost_unknown and not tells_cost
        is_silent = self._clock() - self._line_s > self._silence_s
        return tells_cost or is_silent or self._said_share < share < _tenths(1.0)

    def _ended_share(self) -> int:
        """How many tenths of the trials have ended."""
        counts = self._round.counts
        return _tenths(counts["ended"] / max(counts["planned"], 1))

    def _line(self) -> str:
        studies, more = self._round.studies(_MOST_STUDIES)
        parts = []
        for study in studies:
            stopped = f"{study.stopped} stopped, " if study.stopped else ""
            best = f"{study.best} (trial {study.trial})" if study.best else "-"
            parts.append(
                f"{study.study}: {study.ended}/{study.planned} ended, "
                f"{study.infeasible} infeasible, {stopped}best {best}"
            )
        rest = f"; and {quantity(more, 'more study', 'more studies')}" if more else ""
        return f"{'; '.join(parts)}{rest}. {self._remaining()}"

    def _remaining(self) -> str:
        waiting, left_s = self._round.counts["waiting"], self._round.left_s
        if waiting == 0:
            return "All trials have ended."
        about = f", about {duration(left_s)}" if left_s is not None else ""
        return f"{quantity(waiting, 'trial')} left{about}."


def _tenths(share: float) -> int:
    return int(share / _SHARE + 1e-9)
