"""Inputs: all that a report is made from; Figure: a chart of it, drawn when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import altair as alt

from ..advise.ending import Ending
from ..analyze.analysis import Analysis
from ..experiment import Experiment
from ..experiment.entry import Launch
from ..finding import Finding, Recommendation, Verdict
from ..study import Study
from ..train.predictions import Predicted
from .round_line import Round


@final
@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart that is drawn when asked for, with its title and its caption.

    Args:
        name: Names its picture's file, unique in a report: `axis-1-learning_rate`.
        study: The study that it shows; empty for a chart of the whole experiment.
        wide: Whether it takes the whole width of a page.
        draw: Makes the chart, with at most about so many rows of data.
        rows: How many rows of data it has in full.
        min_width: Pixels; in a narrower place it scrolls.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[int], alt.LayerChart]
    rows: int
    study: str = ""
    wide: bool = False
    min_width: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The results of a round.

    Args:
        analysis: The trials, and the result of every check.
        ending: What a person reads first.
        left_to_you: The steps left to the reader where nothing is recommended, a sentence each.
        waiting: The changes that wait for a round after the next one (R3), a sentence each.
        not_checked: Rule ids that no check covers yet, each with what it is about.
        launches: How the trials came about, oldest first.
        predictions: What the best checkpoint made of chosen examples (E7).
        text: The experiment file as it ran, comments and all; empty for one from Python.
        paths: Whether folders and the names of users stand as they were recorded: a page is sent to
            others.
        rounds: The rounds of its line, itself among them; empty where it has neither a parent nor a
            child.
        logs: The last lines of what trials printed, by id, without what looks like a secret; empty
            unless they were asked for.
        logs_left_out: How many trials more printed something, where they were asked for.
        date: When the report was made, as it is to be read; empty to leave it out.
    """

    analysis: Analysis
    findings: Sequence[Finding]
    verdict: Verdict
    ending: Ending
    recommendations: Sequence[Recommendation] = ()
    left_to_you: Sequence[str] = ()
    waiting: Sequence[str] = ()
    not_checked: Mapping[str, str] = field(default_factory=dict)
    launches: Sequence[Launch] = ()
    predictions: Sequence[Predicted] = ()
    rounds: Sequence[Round] = ()
    logs: Mapping[int, str] = field(default_factory=dict)
    logs_left_out: int = 0
    text: str = ""
    date: str = ""
    paths: bool = False

    @property
    def experiment(self) -> Experiment:
        """The experiment, as it was written."""
        return self.analysis.experiment

    @property
    def studies(self) -> Sequence[Study]:
        """Its studies."""
        return self.analysis.studies
