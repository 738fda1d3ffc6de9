"""Fills an Optuna SQLite file in bulk, `N PATH`: through its API 10,000 trials take an hour."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import optuna
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState
from optuna_overhead import REPORTS, run, value
from sqlalchemy import create_engine, insert

SPACE = {
    "learning_rate": optuna.distributions.FloatDistribution(1e-5, 1e-1, log=True),
    "dropout": optuna.distributions.FloatDistribution(0.0, 0.5),
}


def fill(n: int, path: str) -> dict[str, float]:
    """Many trials, written in bulk; a few written so and through the API load as the same."""
    small = 5
    run("sqlite", small, f"{path}.api")
    written = optuna.load_study(study_name="s", storage=f"sqlite:///{path}.api").trials
    _insert(f"{path}.bulk", written)
    read = optuna.load_study(study_name="s", storage=f"sqlite:///{path}.bulk").trials
    same = [vars(a) == vars(b) for a, b in zip(written, read, strict=True)]
    assert all(same), "What was written in bulk is not what the API writes."
    _insert(path, [_finished(number) for number in range(n)])
    return {"verified": len(same)}


def _finished(number: int) -> FrozenTrial:
    draw = random.Random(number)
    begin = datetime(2026, 1, 1) + timedelta(seconds=number)  # noqa: DTZ001  # Optuna's are naive
    return FrozenTrial(
        number=number,
        trial_id=number + 1,
        state=TrialState.COMPLETE,
        value=value(number, REPORTS - 1),
        datetime_start=begin,
        datetime_complete=begin + timedelta(seconds=1),
        params={"learning_rate": 10 ** draw.uniform(-5, -1), "dropout": draw.uniform(0, 0.5)},
        distributions=dict(SPACE),
        user_attrs={},
        system_attrs={},
        intermediate_values={step: value(number, step) for step in range(REPORTS)},
    )


def _insert(path: str, trials: list[FrozenTrial]) -> None:
    """Rows of Optuna's own models, into the schema that Optuna made."""
    optuna.create_study(study_name="s", storage=f"sqlite:///{path}")  # the first: its id is 1
    with create_engine(f"sqlite:///{path}").begin() as db:
        for model, rows in (
            (models.TrialModel, _trial_rows),
            (models.TrialValueModel, _value_rows),
            (models.TrialParamModel, _param_rows),
            (models.TrialIntermediateValueModel, _point_rows),
        ):
            for begin in range(0, len(trials), 100):
                part = trials[begin : begin + 100]
                db.execute(insert(model), [row for one in part for row in rows(one)])


def _trial_rows(trial: FrozenTrial) -> Iterator[dict[str, Any]]:
    yield {
        "trial_id": trial.number + 1,
        "number": trial.number,
        "study_id": 1,
        "state": trial.state,
        "datetime_start": trial.datetime_start,
        "datetime_complete": trial.datetime_complete,
    }


def _value_rows(trial: FrozenTrial) -> Iterator[dict[str, Any]]:
    finite = models.TrialValueModel.TrialValueType.FINITE
    yield {
        "trial_id": trial.number + 1,
        "objective": 0,
        "value": trial.value,
        "value_type": finite,
    }


def _param_rows(trial: FrozenTrial) -> Iterator[dict[str, Any]]:
    for name, inner in trial.params.items():
        domain = trial.distributions[name]
        yield {
            "trial_id": trial.number + 1,
            "param_name": name,
            "param_value": domain.to_internal_repr(inner),
            "distribution_json": optuna.distributions.distribution_to_json(domain),
        }


def _point_rows(trial: FrozenTrial) -> Iterator[dict[str, Any]]:
    finite = models.TrialIntermediateValueModel.TrialIntermediateValueType.FINITE
    for step, inner in trial.intermediate_values.items():
        yield {
            "trial_id": trial.number + 1,
            "step": step,
            "intermediate_value": inner,
            "intermediate_value_type": finite,
        }


if __name__ == "__main__":
    print(json.dumps(fill(int(sys.argv[1]), sys.argv[2])))
