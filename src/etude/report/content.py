"""Figure: a chart of a report that is drawn when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import altair as alt

from ..analyze.analysis import Analysis
from ..experiment import Experiment
from ..experiment.entry import Launch
from ..finding import Finding, Recommendation, Verdict
from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart that is drawn when asked for, and what is said about it.

    Args:
        name: Of its picture's file, unique in a report: `axis-1-learning_rate`.
        study: Whose it is; empty for a chart of the whole experiment.
        wide: Whether it takes the whole width of a page.
        draw: The chart, with at most about so many rows of data.
        rows: How many rows it has in full.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[int], alt.LayerChart]
    rows: int
    study: str = ""
    wide: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class Content:
    """What a round has come to.

    Args:
        analysis: The trials, and the result of every check.
        left_to_you: What to do where nothing is recommended, a sentence each.
        waiting: What asks for a change too, and waits for a round after the next one (R3).
        next_command: Writes the changes as a file, `etude next optimizer`; empty for none.
        not_checked: Rule ids that no check covers yet, each with what it is about.
        launches: How the trials came about, oldest first.
        text: The experiment file as it ran, comments and all; empty for one from Python.
        date: When the report was made, as it is to be read; empty to leave it out.
    """

    analysis: Analysis
    findings: Sequence[Finding]
    verdict: Verdict
    recommendations: Sequence[Recommendation] = ()
    left_to_you: Sequence[str] = ()
    waiting: Sequence[str] = ()
    next_command: str = ""
    not_checked: Mapping[str, str] = field(default_factory=dict)
    launches: Sequence[Launch] = ()
    text: str = ""
    date: str = ""

    @property
    def experiment(self) -> Experiment:
        """The experiment, as it was written."""
        return self.analysis.experiment

    @property
    def studies(self) -> Sequence[Study]:
        """Its studies."""
        return self.analysis.studies
