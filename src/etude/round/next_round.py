"""The next round: its file's text, with what it changes and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from ..errors import RunError
from ..experiment import Experiment, toml
from ..experiment.change import Change
from ..experiment.entry import Entry
from ..experiment.toml.edit import Edit, edited
from ..finding import Recommendation
from ..record import Record, Records
from ..space import Scalar
from ..study import Study
from .retraining import Retraining, free_name

if TYPE_CHECKING:
    from ..advise.policy import Advice
    from ..store.base import Store

_TRIALS = "experiment.trials"


@final
@dataclass(frozen=True, kw_only=True, repr=False)
class NextRound:
    """The next round: its file's text, and what it changes and why.

    More trials alone are no new experiment: it keeps its name, so a run goes on with those that
    it has, and trains none of them twice.

    Args:
        before: The text of the round before, for one that differs from it by a few lines.
        goal: What its changes are for.
        waiting: Later steps of the playbook's order that ask for a change too.
        left_to_you: What only a person can do beside it.
    """

    text: str
    experiment: Experiment
    recommendations: tuple[Recommendation, ...]
    before: str = ""
    goal: str = ""
    waiting: tuple[str, ...] = ()
    left_to_you: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """A name for its file, never that of the round before."""
        longer = [one.new for one in self.recommendations if one.path == _TRIALS]
        name = self.experiment.name
        return f"{name}-{longer[0]}-trials.toml" if longer else f"{name}.toml"

    def __str__(self) -> str:
        """The text of the file."""
        return self.text

    def __repr__(self) -> str:
        """One line: its file, and what it changes."""
        paths = ", ".join(one.path for one in self.recommendations)
        return f"NextRound({self.file}{': ' * bool(paths)}{paths})"

    def _repr_html_(self) -> str:
        """What it changes and why, and the lines that differ; all of them for a new file."""
        from ..report.cells import next_round_html

        because = [(one.because, one.rule) for one in self.recommendations]
        return next_round_html(self.file, self.goal, because, (self.before, self.text))


def next_round(entry: Entry, advice: Advice) -> NextRound | None:
    """The round that an advice makes of an experiment; None where it recommends nothing."""
    if not advice.recommendations:
        return None
    from ..advise.edits import edits

    text = edited(entry.text, edits(entry.experiment, advice.recommendations))
    return NextRound(
        text=text,
        before=entry.text,
        experiment=toml.loads(text, file=entry.source),
        recommendations=tuple(advice.recommendations),
        goal=advice.goal,
        waiting=advice.waiting,
        left_to_you=advice.words,
    )


def next_cost(coming: NextRound, experiment: Experiment, records: Records) -> str:
    """How many trainings a next round takes, and how long at the pace of the one before.

    Args:
        coming: The next round.
        experiment: The round before.
        records: Its trials; a round of more trials goes on with them.

    Source: R15.
    """
    from ..advise.ending import cost_text, measured_pace_s
    from ..design.studies import studies

    trials = sum(study.max_trials for study in studies(coming.experiment))
    if coming.experiment.name == experiment.name:
        trials = max(0, trials - records.count())
    return cost_text(trials, trials * coming.experiment.max_steps, measured_pace_s(records))


def under_free_name(coming: NextRound, before: Experiment, store: Store) -> NextRound:
    """The round under a name that is not taken by another, for a file that was named.

    More trials of the same round keep its name; so does what the store has word for word.

    Source: K3.
    """
    from ..experiment import changes
    from .identity import free_name

    name = coming.experiment.name
    old = next((one.experiment for one in store.entries() if one.experiment.name == name), None)
    if old is None or name == before.name or not changes(old, coming.experiment):
        return coming
    text = edited(coming.text, [Edit(Change(("experiment", "name"), "", free_name(store, name)))])
    return replace(coming, text=text, experiment=toml.loads(text))


def as_exploited(coming: NextRound, before: Experiment) -> NextRound:
    """The round as `etude exploit` plays it, under its name and with its seed.

    Run by hand first, it is then found trained; what hands over to no search that adapts stays.

    Source: X1, K3.
    """
    from ..advise.exploitation import hands_over, search_experiment

    if not hands_over(coming.recommendations):
        return coming
    played = search_experiment(before, coming.recommendations)
    head = [
        Edit(Change(("experiment", "name"), "", played.name)),
        Edit(Change(("experiment", "seed"), "", played.seed)),
    ]
    text = edited(coming.text, head)
    return replace(coming, text=text, experiment=toml.loads(text))


def judged_edits(experiment: Experiment, trained: Experiment) -> tuple[Recommendation, ...]:
    """The lines of a round that is judged by another metric than the one before.

    Source: Q2.
    """
    changed: dict[str, tuple[Scalar, Scalar]] = {
        "metric": (trained.metric, experiment.metric),
        "maximize": (trained.maximize, experiment.maximize),
    }
    because = f"The trials of `{trained.name}` are judged by `{experiment.metric}` from here on."
    return tuple(
        Recommendation(
            rule="Q2", change=Change(("experiment", key), "", new), old=old, because=because
        )
        for key, (old, new) in changed.items()
        if old != new
    )


def seeds_round(
    experiment: Experiment,
    best: Sequence[tuple[Study, Record]],
    *,
    seeds: int,
    known: Sequence[Retraining] = (),
) -> NextRound:
    """The round that trains the best settings again with other seeds.

    Args:
        experiment: The round.
        best: The studies with their best trials, the leader first.
        seeds: How many trainings of each.
        known: The rounds that trained settings of it again: another setting gets another name.

    Raises:
        RunError: where no trial has a value that counts.
    """
    from ..advise.follow_up import seeds_experiment
    from ..advise.policy import RETRAIN

    if not best:
        raise RunError(
            f"Experiment `{experiment.name}` has no feasible trial, so there is no best setting to "
            "train again. Look at what breaks first: `etude check`."
        )
    settings = [(study, record.setting) for study, record in best]
    again = seeds_experiment(experiment, settings, seeds=seeds)
    again = replace(again, name=free_name(again, known))
    return NextRound(text=toml.dumps(again), experiment=again, recommendations=(), goal=RETRAIN)


def replay_round(
    experiment: Experiment,
    studies: Sequence[Study],
    records: Sequence[Record],
    name: str,
    *,
    repeats: int,
) -> NextRound:
    """The round that trains the schedule again that the population of a study found.

    Args:
        experiment: The round of the population.
        studies: Its studies.
        records: Its trials.
        name: Of the study whose schedule it is; empty where no trial is feasible.
        repeats: How many trials train it, each with a seed of its own (A2).

    Raises:
        RunError: where no trial was forked, so that no schedule was found.
    """
    from ..advise.follow_up import replay_experiment
    from ..analyze.summaries.lineage import lineage

    if name not in {record.study for record in records if record.parent is not None}:
        raise RunError(
            f"Experiment `{experiment.name}` has no schedule to replay: no trial of "
            f"`{name or 'it'}` was forked. Population based training finds one: "
            'schedule = "pbt".'
        )
    study = next(one for one in studies if one.name == name)
    families = lineage(study, list(records))
    replay = replay_experiment(experiment, study, families, repeats=repeats)
    return NextRound(text=toml.dumps(replay), experiment=replay, recommendations=())
