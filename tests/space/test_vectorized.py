import gc
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etude.space import Choice, Integer, Real, Space
from etude.space.vectorized import admissible, satisfied
from etude.space.vectorized import settings as settings_at

from ..domains import DOMAINS, UNITS

SPACE = {
    "a": Real(-2.0, 2.0),
    "b": Real(1e-6, 1e3, log=True),
    "c": Real(0.5, 0.9999, scale="one_minus_log"),
    "n": Integer(0, 8),
    "m": Integer(1, 4096, log=True),
    "kind": Choice(["adam", "sgd", 3, 0.5, True]),
    "sizes": Choice([0, 1, 2.5], ordered=True),
    "on": Choice([True, False]),
}
LEAVES = st.sampled_from([*SPACE, "fixed", "0", "1", "0.25", '"adam"', "true"])
SIGNS = ["+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(SIGNS), inner),
        st.builds(
            "({}({}))".format, st.sampled_from(["not ", "-", "abs", "log", "exp", "sqrt"]), inner
        ),
        st.builds("{}({}, {}, {})".format, st.sampled_from(["min", "max"]), inner, inner, inner),
        st.builds("({}) ** {}".format, inner, st.sampled_from(["2", "-1", "0.5", "64"])),
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(text=EXPRESSIONS.filter(lambda text: len(text) < 400), seed=st.integers(0, 2**31))
def test_a_constraint_on_columns_is_the_constraint_on_each_setting(text, seed):
    space = Space(SPACE, constraints=(text,), known={"fixed": 4})
    units_TxD = np.random.default_rng(seed).random((20, len(SPACE))).round(seed % 3 + 1)
    (column,) = satisfied(space, units_TxD).values()

    assert column.tolist() == [space.admits(space.setting(unit_D)) for unit_D in units_TxD]


@given(domain=DOMAINS, units=st.lists(UNITS, min_size=1))
def test_a_column_of_values_is_the_value_at_each_place(domain, units):
    space = Space({"x": domain})
    found = settings_at(space, np.array(units)[:, None])

    assert found == [space.setting([unit]) for unit in units]
    assert [type(one["x"]) for one in found] == [type(domain.value(unit)) for unit in units]


def test_without_dimensions_every_setting_is_empty():
    assert settings_at(Space({}), np.empty((2, 0))) == [{}, {}]


@pytest.mark.slow
def test_a_hundred_thousand_settings_of_ten_dimensions_take_less_than_two_seconds():
    domains = SPACE | {"width": Integer(16, 1024), "heads": Choice([1, 2, 4, 8])}
    texts = ("m <= 0.1 * max_steps", "width % heads == 0", 'b < 10 or kind == "adam"')
    space = Space(domains, constraints=texts, known={"max_steps": 10_000})
    units_TxD = np.random.default_rng(0).random((400_000, 10))
    # What other tests of this process left in memory is no cost of it: a search for garbage among
    # all of that would be.
    gc.freeze()
    begin = time.process_time()
    found = settings_at(space, units_TxD[admissible(space, units_TxD)[:100_000]])
    taken_s = time.process_time() - begin
    gc.unfreeze()

    assert len(found) == 100_000
    assert taken_s < 2.0


def test_what_is_admitted_satisfies_every_constraint():
    texts = ("n > 2", "a < 0 or on", "b < 1")
    space = Space(SPACE, constraints=texts)
    units_TxD = np.random.default_rng(0).random((500, len(SPACE)))

    assert admissible(space, units_TxD).tolist() == [
        at for at, unit_D in enumerate(units_TxD) if space.admits(space.setting(unit_D))
    ]


@pytest.mark.parametrize("text", ["x" + " < x" * 120, " and ".join(["t"] * 65)])
def test_a_constraint_of_many_parts_is_judged_as_one_by_one(text):
    space = Space({"x": Real(0.0, 1.0), "t": Choice([True, False])}, constraints=(text,))
    units_TxD = np.linspace([0, 0], [1, 1], 9)

    alive_T = admissible(space, units_TxD)

    assert alive_T.tolist() == [
        at for at, units in enumerate(units_TxD) if space.admits(space.setting(units.tolist()))
    ]
