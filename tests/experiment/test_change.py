"""A change says the same of an experiment and of the text of its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.experiment.experiments import CHOICES, EXPERIMENTS, INTEGERS, REALS, SCALARS

from etude.errors import ExperimentError
from etude.experiment import Experiment
from etude.experiment.change import Change, applied
from etude.experiment.tables import experiment_of, tables_of
from etude.experiment.toml.edit import Edit, edited
from etude.experiment.toml.read import loads
from etude.experiment.toml.write import dumps
from etude.space import Choice, Domain, Integer, Real

OPTIMIZERS = {
    "metric": "valid/error",
    "max_steps": 100,
    "trials": 20,
    "scientific": {"optimizer": ["adam", "sgd"]},
    "nuisance": {
        "rate": Real(1e-4, 1.0, log=True),
        "width": Choice([8, 16], ordered=True),
        "when": {"optimizer": {"adam": {"beta": Real(0.7, 0.99, scale="one_minus_log")}}},
    },
    "fixed": {"batch": 64},
}
OWN_KEYS = st.sampled_from(
    [
        ("name", "another"),
        ("parent", "optimizer"),
        ("trials", 77),
        ("max_steps", 12),
        ("question", 'Is "a" = b?'),
        ("observed", ()),
        ("search", "random"),
        ("search", "bayesian"),
        ("schedule", "asha"),
        ("studies", "merged"),
        ("nobody", 3),
        ("trials", None),
        ("seed", None),
    ]
)
VALUES = SCALARS | CHOICES | REALS | INTEGERS | st.none() | st.lists(SCALARS, max_size=3)
NEW_VALUES = (
    st.tuples(st.just(("nuisance",)), CHOICES | REALS | INTEGERS)
    | st.tuples(st.sampled_from([("fixed",), ("fixed", "when", "a", "x.y")]), SCALARS)
    | st.tuples(st.just(("scientific",)), VALUES)
)


def parts(value: object) -> st.SearchStrategy[tuple[str, object]]:
    """A part of this value with what it becomes, right or wrong, or the whole of it."""
    fits = REALS | INTEGERS | CHOICES if isinstance(value, Domain) else SCALARS
    whole = st.tuples(st.just(""), fits | VALUES)
    if isinstance(value, Choice):
        longer = st.lists(SCALARS, max_size=3).map(lambda more: [*value.values, *more])
        return whole | st.tuples(st.just("values"), longer) | st.just(("ordered", True))
    if not isinstance(value, Real | Integer):
        return whole
    return (
        whole
        | st.tuples(st.just("low"), st.floats(-1.0, 0.6) | st.integers(-9, 50))
        | st.tuples(st.just("high"), st.floats(0.3, 300.0) | st.integers(1, 300))
        | st.sampled_from([("log", True), ("log", None), ("scale", "one_minus_log"), ("low", None)])
        | st.sampled_from([("limits", (0, 1000)), ("limits", None), ("units", "steps")])
    )


@st.composite
def change(draw: st.DrawFn, experiment: Experiment) -> Change:
    """A change of a value that the experiment has, of a new one, or of a key of its own."""
    kind = draw(st.sampled_from(["known", "own", "new"]))
    if kind == "known":
        known = draw(st.sampled_from(experiment.hyperparameters))
        return Change(known.keys, *draw(parts(known.value)))
    if kind == "own":
        key, new = draw(OWN_KEYS)
        return Change(("experiment", key), "", new)
    table, new = draw(NEW_VALUES)
    return Change((*table, draw(st.sampled_from(["new . one", 'n"ew']))), "", new)


def outcome(make: Callable[[], Experiment]) -> tuple[Experiment, str] | None:
    """What comes back, and as a text: its keys stand in the same order. None where it is refused.

    Of two places that contradict each other, the mistake names the one that stands later.
    """
    try:
        experiment = make()
    except ExperimentError:
        return None
    return experiment, dumps(experiment)


@settings(deadline=None, max_examples=300)
@given(given=EXPERIMENTS, data=st.data())
def test_a_file_that_is_edited_says_what_the_changed_experiment_is(given, data):
    experiment = Experiment(**given)
    changes = data.draw(st.lists(change(experiment), min_size=1, max_size=3))
    text = dumps(experiment)

    on_data = outcome(lambda: applied(experiment, changes))
    on_text = outcome(lambda: loads(edited(text, [Edit(one, "C1: why") for one in changes])))

    event("is an experiment" if on_data else "is refused")
    assert on_data == on_text


@settings(deadline=None)
@given(given=EXPERIMENTS)
def test_an_experiment_comes_back_from_its_tables(given):
    experiment = Experiment(**given)

    assert experiment_of(tables_of(experiment)) == experiment


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        (Change(("nuisance", "rate"), "high", 9.0), "rate", Real(1e-4, 9.0, log=True)),
        (Change(("nuisance", "width"), "values", [8]), "width", Choice([8], ordered=True)),
        (Change(("nuisance", "rate"), "", Integer(1, 4)), "rate", Integer(1, 4)),
        (Change(("nuisance", "new"), "", [1, 2]), "new", Choice([1, 2])),
    ],
)
def test_a_part_changes_and_the_rest_stays(change, path, value):
    before = Experiment(**OPTIMIZERS)

    after = applied(before, [change])

    assert after == replace(before, nuisance={**before.nuisance, path: value})


def test_a_key_that_goes_leaves_the_rest_of_its_table():
    keys = ("nuisance", "when", "optimizer", "adam", "beta")

    after = applied(Experiment(**OPTIMIZERS), [Change(keys, "", None)])

    assert after.nuisance["when"] == {"optimizer": {"adam": {}}}


def test_a_search_with_options_is_not_named_a_second_time():
    grid = Experiment(**OPTIMIZERS, search="grid", search_options={"points": 3})

    with pytest.raises(ExperimentError, match="names the search as well"):
        applied(grid, [Change(("experiment", "search"), "", "random")])


def test_the_path_of_a_change_is_that_of_the_file():
    assert Change(("fixed", "when", "a", "0.1", "b"), "", 3).path == 'fixed.when.a."0.1".b'
