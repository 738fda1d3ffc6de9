"""The trials of Etude's studies as another tool trains them: what a search sees, and its file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, final

import numpy as np

from ...divergence import divergence
from ...errors import RunError
from ...experiment import Experiment, changes, toml
from ...move import Start
from ...record import POINT, Points, Record, Records
from ...round.opening import plan_of, refuse_imported, refuse_unsampled
from ...space import Scalar
from ...store.base import reservation_of

_FORMAT: Final = 1


@final
class SearchHistory:
    """The studies of an experiment with their trials, of which others report how they train.

    A trial has the name that the other tool gives it. All studies take turns: the first trial of
    each, then the second, as in a round of Etude.
    """

    def __init__(self, experiment: Experiment) -> None:
        """Plans the studies.

        Raises:
            RunError: for a schedule, which the other tool has its own of, and for trials that were
                trained already.
            ExperimentError, SpaceError: for a space that has no trials.
        """
        _refuse_schedule(experiment)
        refuse_imported(experiment)
        self.experiment = experiment
        self._plan = plan_of(experiment)
        refuse_unsampled(self._plan)
        self._trials: list[Record] = []
        self._values: list[dict[int, float]] = []
        self._ids: dict[str, int] = {}

    @property
    def is_running(self) -> bool:
        """Whether a trial is out that may change what a search says next."""
        return not all(record.ended for record in self._trials)

    def records(self) -> Records:
        """The trials as they stand, with the metric's values."""
        return Records.of(
            [
                replace(record, points=self._points(values))
                for record, values in zip(self._trials, self._values, strict=True)
            ]
        )

    def begin(self, name: str) -> dict[str, Scalar] | None:
        """The setting of a new trial of this name; None where no search has one now."""
        records = self.records()
        studies = [(records.of_study(study.name), study, search) for study, search in self._plan]
        for own_records, study, search in sorted(studies, key=lambda part: len(part[0])):
            moves = search.moves(study, own_records, 1)
            if starts := [move for move in moves if isinstance(move, Start)]:
                beginnings = [replace(starts[0], name=name)]
                place = {"first_id": len(self._trials), "first_index": len(own_records)}
                (record,) = reservation_of(study, beginnings, {}, **place).new
                self._add(replace(record, status="running"), {})
                return dict(record.setting)
        return None

    def report(self, name: str, step: int, value: float) -> bool:
        """Notes a value of the metric after a step, and says whether that step is new.

        What was known of later steps is void: a trial that reports an earlier one was begun again.
        """
        trial_id = self._ids.get(name)
        if trial_id is None:
            return False  # of a trial that this search did not begin
        is_new = step not in self._values[trial_id]
        values = {known: one for known, one in self._values[trial_id].items() if known < step}
        self._values[trial_id] = {**values, step: value}
        self._trials[trial_id] = replace(
            self._trials[trial_id], status="running", reason="", detail="", steps=step + 1
        )
        return is_new

    def is_whole(self, name: str) -> bool:
        """Whether a trial has all its steps."""
        trial_id = self._ids.get(name)
        return trial_id is None or self._trials[trial_id].steps >= self.experiment.max_steps

    def end(self, name: str, *, failed: str = "", stopped: bool = False) -> None:
        """Ends a trial: infeasible where it failed, diverged or has no value.

        Args:
            name: The trial's.
            failed: Why, where it raised an error.
            stopped: Whether a schedule of the other tool ended it, so that its values are censored.
        """
        trial_id = self._ids.get(name)
        if trial_id is None:
            return
        record = self._trials[trial_id]
        if not failed and not stopped and not self._values[trial_id]:
            failed = f"It ended without a value of `{self.experiment.metric}`."
        if failed:
            ended = replace(record, status="infeasible", reason="error", detail=failed)
        elif why := self._divergence(self._values[trial_id]):
            ended = replace(record, status="infeasible", reason=why[0], detail=why[1])
        else:
            ended = replace(record, status="stopped" if stopped else "completed")
        self._trials[trial_id] = ended

    def dumps(self) -> str:
        """The history as JSON: the experiment as its file has it, and a row a trial."""
        trials = [
            {
                "name": record.name,
                "study": record.study,
                "index": record.index,
                "setting": dict(record.setting),
                "seed": record.seed,
                "status": record.status,
                "reason": record.reason,
                "detail": record.detail,
                "steps": record.steps,
                # JSON has no NaN: what is not finite stands as text.
                "values": [
                    [step, value if math.isfinite(value) else repr(value)]
                    for step, value in values.items()
                ],
            }
            for record, values in zip(self._trials, self._values, strict=True)
        ]
        text = toml.dumps(self.experiment)
        return json.dumps({"format": _FORMAT, "experiment": text, "trials": trials})

    def loads(self, text: str) -> None:
        """Takes the trials of a history that was written down, in place of those that are here.

        Raises:
            RunError: for what is none, and for one of another experiment.
        """
        try:
            content = json.loads(text)
            experiment = toml.loads(content["experiment"])
            trials = [(_record(row, at), _values(row)) for at, row in enumerate(content["trials"])]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise RunError(
                f"This is no search history of Etude ({type(error).__name__}: {error}). Restore "
                "from the folder in which Ray Tune saved it, or begin a new search."
            ) from error
        if changed := changes(experiment, self.experiment):
            listed = ", ".join(f"`{key}`" for key in changed)
            raise RunError(
                f"This search was saved with another {listed}, and results of two experiments do "
                "not mix. Restore it with the experiment that it was begun with."
            )
        self._trials, self._values, self._ids = [], [], {}
        for record, values in trials:
            self._add(record, values)

    def _add(self, record: Record, values: dict[int, float]) -> None:
        self._ids[record.name] = len(self._trials)
        self._trials.append(record)
        self._values.append(values)

    def _points(self, values: Mapping[int, float]) -> Points:
        rows = [(step, 0, value) for step, value in values.items()]
        return Points(np.array(rows, POINT), (self.experiment.metric,))

    def _divergence(self, values: Mapping[int, float]) -> tuple[str, str] | None:
        """Reason and detail where the metric left the values that a trial can go on with."""
        metric = self.experiment.metric
        first = next(iter(values.values()), math.nan)
        for step, value in values.items():
            why = divergence(
                metric,
                value,
                first,
                step=step,
                objective=self.experiment.objective,
                threshold=self.experiment.diverged_above,
            )
            if why is not None:
                return why.reason, str(why)
        return None


def _record(row: Mapping[str, Any], trial_id: int) -> Record:
    fields = ("name", "study", "index", "seed", "status", "reason", "detail", "steps")
    known = {field: row[field] for field in fields}
    return Record(id=trial_id, setting=dict(row["setting"]), **known)


def _values(row: Mapping[str, Any]) -> dict[int, float]:
    return {int(step): float(value) for step, value in row["values"]}


def _refuse_schedule(experiment: Experiment) -> None:
    if experiment.schedule is not None:
        raise RunError(
            f'`{experiment.name}` has schedule = "{experiment.schedule}", and under Ray Tune '
            "trials are stopped and continued by Ray's own. Leave it out, and write "
            "`tune.TuneConfig(scheduler=...)`; or run it with Etude: `etude run FILE --runner ray`."
        )
