"""The display of a round on a terminal: six to ten lines, cropped to the window, never wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from ..round.round_progress import RoundProgress, StudyProgress
from ..text import signs
from ..wording import duration, quantity
from .terminal import printable

# With these, the display has ten lines at most.
_MOST_STUDIES = 5
# Heuristic: a longer line is not taken in at a glance.
_MOST_WIDTH = 110
_BAR, _LEAST_BAR, _NAME, _LEAST_NAME = 24, 8, 24, 8
# Some terminals wrap what reaches the last column, and all write what Ctrl-C types behind a line.
_EDGE = 3
_GAP = "  "
_FILLED, _REST, _BROKEN, _MORE = "━", "·", "×", "…"  # signs of a bar
_PLAIN: Final = str.maketrans({_FILLED: "#", _REST: ".", _BROKEN: "x", _MORE: "~"})


@final
@dataclass(frozen=True, kw_only=True)
class _Columns:
    """What a line of a study has room for; a width of 0 leaves a column out."""

    name: int
    bar: int = 0
    ended: int
    infeasible: int
    stopped: int
    best: int
    has_trial: bool = True

    @property
    def width(self) -> int:
        """Of a whole line, without the bar."""
        widths = (self.name, self.ended, self.infeasible, self.stopped, self.best)
        return sum(width + len(_GAP) for width in widths if width) - len(_GAP)


def screen(progress: RoundProgress, *, width: int, height: int, is_plain: bool = False) -> Text:
    """The round as it stands, in a window of so many columns and lines.

    In a narrow window these are left out, in this order: what a study's name has beyond 24 columns,
    the trial of the best value, the bar, what the name has beyond 8, the stopped and the infeasible
    trials; of the lines below, what stands last in them. In a low one: lines of studies, the last
    event, what runs, the counts.

    Args:
        progress: The round.
        width: Columns of the window.
        height: Its lines.
        is_plain: Whether its alphabet has ASCII alone.
    """
    room, lines = min(width - _EDGE, _MOST_WIDTH), max(height - 1, 2)
    below = _lines_below(progress, room)
    most = min(_MOST_STUDIES, max(1, lines - 1 - len(below)))
    studies, more = progress.studies(most)
    alone = progress.opening.experiment.name
    # A study that stands alone has no name of its own.
    studies = [replace(one, study=alone) if one.study == "all" else one for one in studies]
    if more and most > 1:
        studies, more = studies[:-1], more + 1
    rows = _study_lines(progress, studies, room)
    if more and most > 1:
        rows.append(Text(f"and {quantity(more, 'more study', 'more studies')}", "dim"))
    below = below[: max(1, lines - len(rows))]
    text = Text("\n", no_wrap=True, overflow="crop").join(
        _cropped(line, room) for line in [*rows, *below]
    )
    text.plain = text.plain.translate(_PLAIN) if is_plain else text.plain
    return text


# --- studies


def _study_lines(
    progress: RoundProgress, studies: Sequence[StudyProgress], room: int
) -> list[Text]:
    columns = _fitted(studies, room)
    head = Text(_cell("study", columns.name), "dim")
    for title, size in (
        ("", columns.bar),
        ("ended", columns.ended),
        ("infeasible", columns.infeasible),
        ("stopped", columns.stopped),
    ):
        head.append(f"{_GAP}{_cell(title, size)}" if size else "")
    head.append(_GAP).append(_best_title(progress, room - head.cell_len))
    return [head, *(_study_line(study, columns) for study in studies)]


def _best_title(progress: RoundProgress, room: int) -> str:
    """As much of what the values are as there is room for."""
    objective = progress.opening.experiment.objective
    metric = f"best {_line(objective.metric)}"
    titles = (f"{metric} ({objective.better} is better)", metric)
    return next((title for title in titles if cell_len(title) <= room), "best")


def _study_line(study: StudyProgress, columns: _Columns) -> Text:
    text = Text(_cell(_line(study.study), columns.name))
    if columns.bar:
        text.append(_GAP).append(_bar(study, columns.bar))
    text.append(f"{_GAP}{_ended(study):{columns.ended}}")
    if columns.infeasible:
        style = "red" if study.infeasible else "dim"
        text.append(_GAP).append(f"{study.infeasible:<{columns.infeasible}}", style)
    if columns.stopped:
        text.append(f"{_GAP}{study.stopped:<{columns.stopped}}")
    text.append(_GAP)
    if not study.best:
        return text.append("-", "dim")
    text.append(study.best, "bold green" if study.is_new else "bold")
    return text.append(f" (trial {study.trial})" if columns.has_trial else "")


def _fitted(studies: Sequence[StudyProgress], room: int) -> _Columns:
    """The columns that there is room for."""
    names = max(cell_len(_line(study.study)) for study in studies)
    whole = _Columns(
        name=max(names, len("study")),
        ended=max(len("ended"), *(len(_ended(study)) for study in studies)),
        infeasible=len("infeasible"),
        stopped=len("stopped") if any(study.stopped for study in studies) else 0,
        best=max(len("best"), *(len(_best(study)) for study in studies)),
    )
    columns = replace(whole, name=min(whole.name, _NAME))
    if columns.width + len(_GAP) + _LEAST_BAR > room:
        alone = max(len("best"), *(len(study.best) for study in studies))
        bare = replace(columns, has_trial=False, best=alone)
        tries = (bare, replace(bare, stopped=0), replace(bare, stopped=0, infeasible=0))
        narrowed = [replace(one, name=_narrowed(one, room)) for one in tries]
        columns = next((one for one in narrowed if one.width <= room), narrowed[-1])
    left = room - columns.width - len(_GAP)
    bar = min(_BAR, left) if left >= _LEAST_BAR else 0
    name = min(whole.name, columns.name + max(0, left - bar)) if bar else columns.name
    return replace(columns, bar=bar, name=name)


def _narrowed(columns: _Columns, room: int) -> int:
    """The width of a name with which a line fits, or the least that is read."""
    return max(min(columns.name, _LEAST_NAME), columns.name - max(0, columns.width - room))


def _ended(study: StudyProgress) -> str:
    return f"{study.ended}/{study.planned}"


def _best(study: StudyProgress) -> str:
    return f"{study.best} (trial {study.trial})" if study.best else "-"


def _bar(study: StudyProgress, width: int) -> Text:
    """What has ended of a study; the infeasible trials are told by sign and colour."""
    planned = max(study.planned, 1)
    ended = width * study.ended // planned
    broken = min(ended, -(-width * study.infeasible // planned)) if study.infeasible else 0
    bar = Text(_FILLED * (ended - broken), "cyan")
    bar.append(_BROKEN * broken, "red")
    return bar.append(_REST * (width - ended), "dim")


# --- the lines below


def _lines_below(progress: RoundProgress, room: int) -> list[Text]:
    """The time, the counts, what runs and the last event; the first of them is needed most."""
    lines = [_fitting("", _times(progress), room), _fitting("", _counts(progress), room)]
    if running := progress.running:
        steps = progress.opening.experiment.max_steps
        trials = [f"trial {one.trial} at step {one.steps:,}" for one in running]
        whole = _fitting_some(trials, f" of {steps:,}", room - len("now   "))
        lines.append(Text("now   ", "dim").append(whole))
    if progress.last:
        lines.append(Text("last  ", "dim").append(_line(progress.last)))
    return lines


def _times(progress: RoundProgress) -> list[str]:
    left_s, pace = progress.left_s, progress.trials_per_minute
    is_over = progress.counts["waiting"] == 0
    parts = [] if left_s is None or is_over else [f"about {duration(left_s)} left"]
    parts += [f"{duration(progress.elapsed_s)} so far"]
    return [*parts, f"{pace:.2g} trials a minute"] if pace is not None else parts


def _counts(progress: RoundProgress) -> list[str]:
    counts = progress.counts
    running = len(progress.running)
    parts = [f"{counts['ended']:,} of {quantity(counts['planned'], 'trial')} ended"]
    others = {
        "infeasible": counts["infeasible"],
        "stopped": counts["stopped"],
        "running": running,
        "waiting": max(0, counts["waiting"] - running),
    }
    return [*parts, *(f"{count:,} {name}" for name, count in others.items() if count)]


def _fitting(head: str, parts: Sequence[str], room: int) -> Text:
    """The parts in a row, without the last ones where there is no room."""
    taken = list(parts)
    while len(taken) > 1 and cell_len(head + ", ".join(taken)) > room:
        taken.pop()
    return Text(head + ", ".join(taken))


def _fitting_some(texts: Sequence[str], end: str, room: int) -> str:
    """As many texts in a row as there is room for, and how many there are beside them."""
    for most in range(min(len(texts), 4), 0, -1):
        more = len(texts) - most
        rest = f" and {more:,} more" if more else ""
        row = f"{', '.join(texts[:most])}{end}{rest}"
        if len(row) <= room:
            return row
    return texts[0]


def _line(text: str) -> str:
    return signs.line(printable(text))


def _cell(text: str, width: int) -> str:
    """The text in so many columns, cut at its head, where studies are named alike."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return f"{_MORE}{set_cell_size(text[::-1], max(0, width - 1))[::-1]}"


def _cropped(line: Text, room: int) -> Text:
    line.truncate(max(room, 1), overflow="ellipsis")
    return line
