from hypothesis import given
from hypothesis import strategies as st

from etude.space.rounding import two_digits


@given(value=st.floats(-1e9, 1e9, allow_subnormal=False))
def test_rounding_goes_outward_and_little(value):
    down, up = two_digits(value, up=False), two_digits(value, up=True)

    assert down <= value + 1e-9 * abs(value)
    assert up >= value - 1e-9 * abs(value)
    assert up - down <= 0.2 * abs(value)
