"""Measurements of batch sizes, written and read."""

from __future__ import annotations

import json

from etude.procedure.batch.history import TimeShares
from etude.procedure.batch.records import StoredMeasurement, as_json, from_json

from .curves import history


def test_what_was_written_is_read_as_it_was():
    known = history(most=4, shares=TimeShares(input=0.5), shapes=(("x", (8, 3)),))
    measurement = StoredMeasurement({"width": 8}, known)

    assert from_json(json.loads(json.dumps(as_json(measurement)))) == measurement
