"""What a notebook shows: findings as a table, and a round in its cell while it trains.

IPython is never imported here: where its kernel runs this process, it is there.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, final

from ..event import Event
from ..finding import Finding, Severity, grouped
from ..wording import duration, quantity
from .observer import Observer, Opening
from .round_progress import RoundProgress

# A page that is drawn more often than a person looks makes the browser slow, not the person fast.
EVERY_S = 0.5
_MOST_STUDIES = 8


@final
class Findings(list[Finding]):
    """A list of findings that a notebook shows as a table."""

    def __repr__(self) -> str:
        """How many there are of each status, the worst first; those alike are one."""
        counts = Counter(group.first.status for group in grouped(self))
        order: tuple[Severity, ...] = ("problem", "unclear", "notice", "ok")
        return f"Findings({', '.join(f'{counts[one]} {one}' for one in order if counts[one])})"

    def _repr_html_(self) -> str:
        from ..report.notebook import findings_html

        return findings_html(self)


def cell_observers() -> list[Observer]:
    """What shows a round in the cell that trains it; nothing outside of a notebook."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    # Of the shells, that of a notebook's kernel alone can show HTML.
    if getattr(shell, "kernel", None) is None:
        return []

    def show(content: dict[str, str], output: str, is_new: bool) -> None:  # noqa: FBT001  # a callback
        shell.display_pub.publish(content, transient={"display_id": output}, update=not is_new)

    return [LiveCell(show)]


@final
class LiveCell:
    """An observer that shows a round in one output of a cell, which it replaces as events come.

    Args:
        show: Takes a text as plain text and as HTML, the id of the output, and whether it is new.
        clock: Seconds of any origin.
    """

    def __init__(
        self,
        show: Callable[[dict[str, str], str, bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Shows nothing before the round begins."""
        self._show = show
        self._clock = clock

    def begin(self, opening: Opening) -> None:
        """Shows the round as it stands."""
        self._round = RoundProgress(opening, self._clock)
        self._display_id = f"etude-{opening.experiment.name}-{time.time_ns()}"
        self._draw(is_new=True)

    def see(self, events: Sequence[Event]) -> None:
        """Takes the events in; what is shown changes twice a second at most."""
        for event in events:
            self._round.take(event)
        if self._clock() - self._drawn_s >= EVERY_S:
            self._draw()

    def end(self) -> None:
        """Shows the last state."""
        self._draw()

    def _draw(self, *, is_new: bool = False) -> None:
        self._drawn_s = self._clock()
        content = {"text/plain": _line(self._round), "text/html": _html(self._round)}
        self._show(content, self._display_id, is_new)


def _line(progress: RoundProgress) -> str:
    return f"{progress.opening.experiment.name}: {', '.join(_counts(progress))}"


def _counts(progress: RoundProgress) -> list[str]:
    counts, left_s = progress.counts, progress.left_s
    parts = [f"{counts['ended']:,} of {quantity(counts['planned'], 'trial')} ended"]
    parts += [f"{counts['infeasible']:,} infeasible"] if counts["infeasible"] else []
    if counts["waiting"] and left_s is not None:
        parts.append(f"about {duration(left_s)} left")
    return [*parts, f"{duration(progress.elapsed_s)} so far"]


def _html(progress: RoundProgress) -> str:
    from ..report.cells import progress_bar, table

    experiment = progress.opening.experiment
    studies, more = progress.studies(_MOST_STUDIES)
    rows = [
        [
            experiment.name if study.study == "all" else study.study,
            progress_bar(study.ended, study.infeasible, study.planned),
            f"{study.ended}/{study.planned}",
            str(study.infeasible),
            f"{study.best} (trial {study.trial})" if study.best else "",
        ]
        for study in studies
    ]
    header = ["study", "", "ended", "infeasible", f"best {experiment.metric}"]
    lines = [f"and {quantity(more, 'more study', 'more studies')}"] if more else []
    lines += [progress.opening.choice] if progress.opening.is_stacked else []
    lines += [", ".join(_counts(progress)), *_running(progress)]
    lines += [f"Last: {progress.last}"] if progress.last else []
    return _page(table(header, rows), lines)


def _page(head: Any, lines: Sequence[str]) -> str:
    from markupsafe import Markup

    from ..text.signs import readable

    below = Markup("<br>").join(lines)
    return readable(str(Markup("<div>{}<small>{}</small></div>").format(head, below)))


def _running(progress: RoundProgress) -> list[str]:
    running = progress.running
    if not running:
        return []
    steps = progress.opening.experiment.max_steps
    trials = [f"trial {one.trial} at step {one.steps:,}" for one in running[:4]]
    more = f" and {len(running) - 4:,} more" if len(running) > 4 else ""
    return [f"Now: {', '.join(trials)} of {steps:,}{more}"]
