"""Launch: the baseline trained with several seeds at full length, its test values seen once."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median, stdev
from typing import final

from ..advise.ending import Ending, NextStep, Reason
from ..advise.new_length import NewLength, new_length
from ..advise.schedule_lines import schedule_lines
from ..analyze.views.repeats import are_copies, copies_text
from ..disk.file import append_whole
from ..errors import RunError
from ..experiment import Experiment
from ..experiment.baseline import Adoption
from ..experiment.change import Change, applied
from ..experiment.hyperparameter import key_path
from ..experiment.resources import resources_of
from ..experiment.small_file import bytes_of
from ..experiment.toml.write import toml_text
from ..record import Record
from ..round import provenance
from ..round.hidden_metrics import looks as looks_at
from ..round.hidden_metrics import record_look, values_at_best
from ..round.result import Result
from ..study import derived_seed
from ..wording import join, number, quantity
from .promise import Promise, promise

X4_WARNING = (
    "For a one-off workload alone, the validation data may be folded into the training of this "
    "configuration; nothing can then be validated any more, so it is not done here (X4)."
)


@final
@dataclass(frozen=True, kw_only=True)
class LaunchSummary:
    """The values of the trainings of a baseline, and the test values of the best.

    Args:
        values: The best value of each training, NaN for one that failed.
        best: The trial with the best validation value; None where all failed.
        checkpoint: The folder of its best checkpoint; None where it wrote none.
        test: What it measured on test data at the step of its best validation value.
        looked: When its test values were first looked at, UTC; empty where it has none.
        before: Other experiments whose test values were looked at earlier.
        promise: The value that it was adopted with; None where that is not known.
        copies: Whether its trainings logged the same values whatever their seed.
    """

    experiment: str
    metric: str
    values: tuple[float, ...]
    best: int | None
    checkpoint: Path | None
    test: dict[str, float]
    looked: str = ""
    before: tuple[str, ...] = ()
    promise: Promise | None = None
    copies: bool = False

    @property
    def message(self) -> str:
        """The trainings in a sentence or two."""
        known = [value for value in self.values if math.isfinite(value)]
        failed = len(self.values) - len(known)
        if not known:
            return f"All {len(self.values)} trainings failed."
        known_sd = len(known) > 1 and not self.copies
        spread = f", standard deviation {stdev(known):.2g}" if known_sd else ""
        first = (
            f"{len(self.values)} trainings: mean {self.metric} {fmean(known):.4g}, median "
            f"{median(known):.4g}{spread}; {failed} failed (A2)."
        )
        first += f" {copies_text(len(known))}, or nothing in it is random." if self.copies else ""
        return f"{first} {self.promise.sentence}." if self.promise else first


def launch_ending(summary: LaunchSummary, place: Path) -> Ending:
    """The ending of a launch: the trainings, the test values of the best, what holds of both.

    Source: A2, X3, X4.
    """
    known = [value for value in summary.values if math.isfinite(value)]
    failed = len(summary.values) - len(known)
    count = quantity(len(summary.values), "training")
    line = f"All {count} failed"
    if known:
        line = f"The mean `{summary.metric}` of {count} is {number(fmean(known))}, {failed} failed"
        line += (
            f": {summary.promise.distance}" if summary.promise and summary.promise.broken else ""
        )
    best = f"Best checkpoint, trial {summary.best}: {summary.checkpoint}"
    return Ending(
        word="LAUNCHED" if known else "NOT LAUNCHED",
        line=line,
        table=_launch_table(summary, known),
        best=(f"File: {place}", *([best] if summary.checkpoint else [])),
        why="What to know",
        reasons=tuple(_launch_reasons(summary)),
        steps=()
        if known
        else (NextStep(command=f"etude trials {summary.experiment}", text="See what broke them"),),
    )


def _launch_table(summary: LaunchSummary, known: Sequence[float]) -> tuple[tuple[str, ...], ...]:
    if not known:
        return ()
    sd = number(stdev(known), 2) if len(known) > 1 and not summary.copies else "not known"
    rows = [(summary.metric, number(fmean(known)), number(median(known)), sd)]
    rows += [(f"{name} of the best", number(value), "", "") for name, value in summary.test.items()]
    return (("", "mean", "median", "standard deviation"), *rows)


def _launch_reasons(summary: LaunchSummary) -> Iterator[Reason]:
    if summary.copies:
        text = copies_text(sum(map(math.isfinite, summary.values)))
        yield Reason(text=f"{text}, or nothing in it is random", rules=("A2",))
    if summary.promise:
        yield Reason(text=summary.promise.sentence, rules=("A1", "A2"))
    if summary.before:
        names = join([f"`{name}`" for name in summary.before])
        text = f"The test data were looked at before, for {names}: they tell less each time"
        yield Reason(text=text, rules=("X3",))
    elif summary.test:
        text = f"The test data were first looked at {summary.looked}: look no more"
        yield Reason(text=text, rules=("X3",))
    else:
        text = "No metric of test data was reported, so none was looked at"
        yield Reason(text=text, rules=("X3",))
    yield Reason(
        text="A one-off workload may train on validation data too: nothing can be validated then",
        rules=("X4",),
    )


def experiment(
    adopted: Adoption,
    *,
    seeds: int,
    max_steps: int | None = None,
    own_loop: bool = False,
    keep_schedule: bool = False,
) -> Experiment:
    """The experiment that trains an adopted configuration with so many seeds.

    Args:
        adopted: The configuration.
        seeds: How many trainings.
        max_steps: The full length; None for the one it was adopted at. Its schedule follows.
        own_loop: Whether Etude's own loop trains it, so that its schedule is known.
        keep_schedule: Whether its schedule stays as it stands, at any length.

    Raises:
        RunError: where the setting holds a schedule of another length that cannot follow.

    Source: A2, X3, T8, T10.
    """
    full = max_steps or adopted.max_steps
    retraining = _retraining(adopted, seeds=seeds, name=launch_name(adopted, full))
    if full == adopted.max_steps:
        return retraining
    length = new_length(retraining, full, own_loop=own_loop)
    if keep_schedule:
        length = NewLength()
    if length.left:
        unknown = "it was made" if own_loop else "the training code reads it"
        raise RunError(
            f"At {full:,} steps the adopted {_listed(retraining, length.left)} would be left as of "
            f"{adopted.max_steps:,}, and how {unknown} is not known. Run the "
            f"setting at that length with {_followed(retraining, full, length.left)} (T10). If it "
            "is right as it stands, add --keep-schedule."
        )
    changes = [Change(("experiment", "max_steps"), "", full)]
    return applied(retraining, [*changes, *(edit.change for edit in length.edits)])


def _followed(retraining: Experiment, steps: int, left: Sequence[str]) -> str:
    """The lines that follow the length, then what that does to the schedule."""
    followed = schedule_lines(retraining, steps, left)
    lines = join([f"`{line}`" for line in followed.lines if "=" in line])
    how = followed.how if steps > retraining.max_steps else "the decay ends by then"
    way = f"{lines or 'the schedule that you want'}, adopt it, and launch that"
    return f"{way}: {how}" if how else way


def _listed(retraining: Experiment, paths: Sequence[str]) -> str:
    """Fixed settings with their values, as the file has them."""
    fixed = {one.path: one.value for one in retraining.hyperparameters}
    return join([f"`{path.rpartition('.')[2]} = {toml_text(fixed[path])}`" for path in paths])


def _retraining(adopted: Adoption, *, seeds: int, name: str) -> Experiment:
    """The adopted configuration, with so many seeds, at the length it was adopted at."""
    return Experiment(
        name=name,
        # Of its own: with the seeds of before it would train again what is known (A1).
        seed=derived_seed(0, name),
        question="How good is the adopted configuration, with other seeds and at full length?",
        metric=adopted.metric,
        maximize=adopted.maximize,
        max_steps=adopted.max_steps,
        evaluations=adopted.evaluations,
        trials=seeds,
        train=adopted.train or None,
        parent=adopted.experiment,
        acknowledge=("R7",),
        fixed=dict(adopted.setting),
        resources=resources_of(adopted.resources),
    )


def launch_name(adopted: Adoption, max_steps: int | None = None) -> str:
    """The name of the launch of an adopted configuration at a length.

    Every setting adopted from an experiment has a launch of its own.

    Source: K3.
    """
    longer = max_steps is not None and max_steps != adopted.max_steps
    return f"{adopted.experiment}-launch-{adopted.trial}" + (f"-{max_steps}" if longer else "")


def summarize_launch(
    result: Result, looks: Path, adopted: Adoption | None = None, *, elsewhere: Path | None = None
) -> LaunchSummary:
    """Summarizes the trainings of a launch; the first look at its test values is written down.

    Args:
        result: Of the launch.
        looks: The file that remembers when test data were looked at.
        adopted: What was launched, whose value its mean is held against.
        elsewhere: The file beside the store that remembers every other look; a launch stands there
            too, so that whoever looks next is told of it.

    Source: X3, X4, A2, K1.
    """
    metric, maximize = result.experiment.metric, result.experiment.maximize
    ended = [record for record in result.records if record.ended]
    values = tuple(_best_value(record, metric, maximize=maximize) for record in ended)
    copies = any(are_copies(result.analysis.outcomes(study)) for study in result.studies)
    best = result.best
    test = {} if best is None else _test_values(result, best)
    first_looks = first_test_looks(looks)
    name = result.experiment.name
    others = [one["experiment"] for one in looks_at(elsewhere)] if test and elsewhere else []
    if test and name not in first_looks:
        first_looks[name] = datetime.now(UTC).isoformat(timespec="seconds")
        if elsewhere is not None and name not in others:
            record_look(elsewhere, name, provenance.command(), first_looks[name])
        _write_look(looks, name, first_looks[name], test)
    before = dict.fromkeys(other for other in (*others, *first_looks) if other != name)
    return LaunchSummary(
        experiment=name,
        metric=metric,
        values=values,
        best=None if best is None else best.id,
        checkpoint=next(iter(result.best_checkpoint), None),
        test=test,
        looked=first_looks[name] if test else "",
        before=tuple(before) if test else (),
        copies=copies,
        promise=None
        if adopted is None
        else promise(adopted, values, result.experiment.max_steps, copies=copies),
    )


def first_test_looks(looks: Path) -> dict[str, str]:
    """The time of the first look at an experiment's test values, by its name, oldest first.

    Source: X3.
    """
    if not looks.is_file():
        return {}
    try:
        table = tomllib.loads(bytes_of(looks).decode("utf-8"))
        return {name: str(look["looked"]) for name, look in table.items()}
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise RunError(
            f"`{looks}`, where looks at test data are written down, cannot be read ({error}). "
            "Mend it, or move it away."
        ) from error


def _best_value(record: Record, metric: str, *, maximize: bool) -> float:
    """The best value of a training; NaN where it failed."""
    best = record.best(metric, maximize=maximize)
    return best.value if best and record.status != "infeasible" else math.nan


def _test_values(result: Result, best: Record) -> dict[str, float]:
    """The test values of a trial at, or last before, its best validation step."""
    as_recorded = next(one for one in result.recorded if one.id == best.id)
    return values_at_best(as_recorded, result.experiment)


def _write_look(looks: Path, name: str, when: str, test: dict[str, float]) -> None:
    comment = "# When test data were looked at; `etude launch` writes it (X3).\n"
    values = "".join(f"{key_path([key])} = {toml_text(value)}\n" for key, value in test.items())
    look = f"\n[{key_path([name])}]\nlooked = {toml_text(when)}\n{values}"
    try:
        append_whole(looks, look, head=comment)
    except OSError as error:
        raise RunError(
            f"A look at test data is written down in `{looks}`, which cannot be written "
            f"({error.strerror}). Make it writable and launch again."
        ) from error
