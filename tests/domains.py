"""Domains of every kind, scale and size, for properties that hold for all of them."""

from hypothesis import assume
from hypothesis import strategies as st

from etude.errors import SpaceError
from etude.space import Choice, Integer, Real, value_text

UNITS = st.one_of(
    st.floats(0.0, 1.0),
    st.floats(0.0, 18.0).map(lambda power: 10.0**-power),
    st.floats(0.0, 16.0).map(lambda power: 1.0 - 10.0**-power),
)
POWERS = st.floats(-280.0, 280.0).map(lambda power: 10.0**power)
USUAL = st.floats(-9.0, 9.0).map(lambda power: 10.0**power)
SIGNS = st.sampled_from([-1.0, 0.0, 1.0])


def built(kind, *given, **options):
    try:
        return kind(*given, **options)
    except SpaceError:
        assume(False)


LINEAR = st.builds(
    lambda size, sign, width: built(Real, sign * size, sign * size + width * size),
    USUAL | POWERS,
    SIGNS,
    USUAL,
)
LOG = st.builds(lambda low, ratio: built(Real, low, low * (1.0 + ratio), log=True), POWERS, USUAL)
ONE_MINUS_LOG = st.builds(
    lambda one, other: built(
        Real, 1.0 - max(one, other), 1.0 - min(one, other), scale="one_minus_log"
    ),
    st.floats(-15.0, 3.0).map(lambda power: 10.0**power),
    st.floats(-15.0, 3.0).map(lambda power: 10.0**power),
)
REALS = LINEAR | LOG | ONE_MINUS_LOG
INTEGERS = st.builds(
    lambda low, width, log: built(Integer, low, low + width, log=log),
    st.integers(-(10**14), 10**14) | st.integers(0, 1000),
    st.integers(1, 10**14) | st.integers(1, 1000),
    st.booleans(),
)
CHOICES = st.builds(
    Choice,
    st.lists(
        st.text(max_size=3) | st.booleans() | st.floats(-9, 9) | st.integers(-9, 9),
        min_size=1,
        unique_by=(value_text, lambda value: (isinstance(value, bool), value)),
    ),
)
DOMAINS = REALS | INTEGERS | CHOICES
