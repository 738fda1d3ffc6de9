"""Records as the data frames that users know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..experiment import Experiment
from ..record import UNKNOWN_SEED, Record


def trials(experiment: Experiment, records: Sequence[Record]) -> pd.DataFrame:
    """One row a trial: how it stands, its best value and step, its setting.

    A hyperparameter called like a column of ours, such as `seed`, is the column `setting.seed`.
    """
    rows = []
    for record in records:
        best = record.best(experiment.metric, maximize=experiment.maximize)
        row = {
            "id": record.id,
            "name": record.name or str(record.id),
            "study": record.study,
            "status": record.status,
            "reason": record.reason,
            "best": best.value if best else np.nan,
            "best_step": best.step if best else -1,
            "steps": record.steps,
            "wall_s": record.wall_s,
            "seed": record.seed,
        }
        named = {
            f"setting.{name}" if name in row else name: record.setting[name]
            for name in record.setting
        }
        rows.append({**row, **named})
    frame = pd.DataFrame(rows)
    if any(record.seed == UNKNOWN_SEED for record in records):
        known = frame["seed"].astype("Int64")
        frame["seed"] = known.mask(known == UNKNOWN_SEED)
    return frame


def curves(records: Sequence[Record]) -> pd.DataFrame:
    """One row a value: `trial`, `step`, `metric` (categorical), `value`; raw, as written."""
    filled = [record for record in records if len(record.points.rows_P)]
    if not filled:
        return pd.DataFrame({"trial": [], "step": [], "metric": [], "value": []})
    rows_P = np.concatenate([record.points.rows_P for record in filled])
    counts = [len(record.points.rows_P) for record in filled]
    trial_P = np.repeat([record.id for record in filled], counts)
    names = pd.Index(filled[0].points.names)
    return pd.DataFrame(
        {
            "trial": trial_P,
            "step": np.ascontiguousarray(rows_P["step"]),
            "metric": pd.Categorical.from_codes(rows_P["metric"].astype(np.int32), names),
            "value": np.ascontiguousarray(rows_P["value"]),
        }
    )
