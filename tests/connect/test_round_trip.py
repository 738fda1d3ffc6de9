"""An experiment exported as csv and imported again is itself, value for value."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connect.csv_folders import export_csv, import_result
from tests.factories import minimal

from etude.design.studies import studies
from etude.event import Began, Ended, Logged
from etude.experiment.entry import Entry
from etude.experiment.toml.write import dumps
from etude.move import Start
from etude.round.result import load
from etude.space import Choice, Integer, Real
from etude.store import open_store

# A table knows neither the ends of a text nor what only looks like nothing or a number.
WORDS = st.text("abcXYZ <>&\"',;-é漢", min_size=1, max_size=6).map(lambda text: f"w{text}w")
VALUES = st.floats(allow_nan=True, allow_infinity=True)
POINTS = st.lists(
    st.tuples(st.integers(0, 99), st.sampled_from(["valid/error", "train/loss"]), VALUES),
    max_size=6,
)
ENDS = st.sampled_from(
    [("completed", ""), ("stopped", "pruned"), ("infeasible", "nan"), ("infeasible", "error")]
)
TRIALS = st.lists(
    st.tuples(
        st.floats(1e-6, 1.0),
        st.integers(1, 512),
        st.sampled_from([0, 1]),
        st.booleans(),
        ENDS,
        WORDS,
        POINTS,
        st.integers(0, 2**40),
    ),
    min_size=1,
    max_size=5,
)


def result_with(words, trials):
    """An experiment with these trials in a store."""
    one = minimal(
        name="it",
        trials=len(trials) + 1,
        search="imported",
        scientific={words[0]: ["adam", "sgd"]},
        nuisance={
            "learning_rate": Real(1e-6, 1.0, log=True),
            words[1]: Integer(1, 512),
            "when": {words[0]: {"adam": {"norm": Choice([False, True])}}},
        },
        fixed={"note": words[2]},
    )
    store = open_store("memory")
    store.begin(Entry(experiment=one, text=dumps(one)))
    for place, study in enumerate(studies(one)):
        own_trials = [trial for trial in (*trials, WITH_VALUE[place]) if trial[2] == place]
        starts = [
            Start(
                {"learning_rate": rate, words[1]: width} | ({"norm": norm} if place == 0 else {}),
                seed=seed,
            )
            for rate, width, _, norm, _, _, _, seed in own_trials
        ]
        records = store.reserve("it", study, starts)
        for record, (*_, end, detail, points, _) in zip(records, own_trials, strict=True):
            steps = max((step for step, _, _ in points), default=-1) + 1
            ended = Ended(record.id, *end, detail=detail, steps=steps, wall_s=0.25)
            store.append("it", [Began(record.id, 0), Logged(record.id, tuple(points)), ended])
    return load(store, "it")


# So that each study has a trial, and the metric a value.
WITH_VALUE = [
    (0.1, 8, place, True, ("completed", ""), "w", [(9, "valid/error", 0.5)], 1) for place in (0, 1)
]


def fields_of(result):
    """All that a record holds, NaN as text."""
    return [
        (one.id, one.study, dict(one.setting), one.seed, one.status, one.reason, one.detail,
         one.steps, one.wall_s, points(one))
        for one in result.records
    ]  # fmt: skip


def points(record):
    rows = record.points.rows_P.tolist()
    return [
        (step, record.points.names[metric], "nan" if math.isnan(value) else value)
        for step, metric, value in rows
    ]


@settings(max_examples=40)
@given(st.lists(WORDS, min_size=3, max_size=3, unique=True), TRIALS)
def test_what_was_exported_comes_back_value_for_value(words, trials):
    before = result_with(words, trials)

    with tempfile.TemporaryDirectory() as place:
        after = import_result(export_csv(before, Path(place) / "out"))

    assert fields_of(after) == fields_of(before)
    assert [one.space for one in after.studies] == [one.space for one in before.studies]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 5e-324, 0.1 + 0.2, -0.0])
def test_a_value_comes_back_with_every_bit(value, tmp_path):
    trial = (0.1, 8, 0, True, ("stopped", "pruned"), "w", [(3, "valid/error", value)], 1)
    before = result_with(["opt", "width", "x"], [trial])

    after = import_result(export_csv(before, tmp_path / "out"))

    assert after.records[0].points.rows_P["value"].tobytes() == (
        before.records[0].points.rows_P["value"].tobytes()
    )
