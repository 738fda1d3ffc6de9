import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from etude.errors import SpaceError
from etude.space import Choice, Integer, Real, Space, bare, value_text

from .. import domains

UNITS = st.floats(0.0, 1.0)
SIZES = st.floats(-1e6, 1e6)
DOMAINS = [
    Real(-2.0, 3.0),
    Real(1e-6, 1e2, log=True),
    Real(0.5, 0.9999, scale="one_minus_log"),
    Real(-3.0, 0.99, scale="one_minus_log"),
    Integer(-3, 7),
    Integer(1, 4096, log=True),
    Choice(["relu", "gelu", "tanh"]),
    Choice([16, 32, 64, 128], ordered=True),
]


@given(low=SIZES, width=st.floats(1e-3, 1e6), unit=UNITS)
def test_every_point_of_the_unit_interval_lies_inside_linear_bounds(low, width, unit):
    domain = Real(low, low + width)

    assert domain.low <= domain.value(unit) <= domain.high


@given(low=st.floats(1e-300, 1e300), factor=st.floats(1.001, 1e6), unit=UNITS)
def test_every_point_of_the_unit_interval_lies_inside_log_bounds(low, factor, unit):
    domain = Real(low, low * factor, log=True)

    assert domain.low <= domain.value(unit) <= domain.high


@given(low=st.integers(1, 2**40), width=st.integers(1, 2**40), log=st.booleans(), unit=UNITS)
def test_every_point_of_the_unit_interval_is_a_whole_number_inside_the_bounds(
    low, width, log, unit
):
    value = Integer(low, low + width, log=log).value(unit)

    assert isinstance(value, int)
    assert low <= value <= low + width


@settings(max_examples=500)
@given(domain=domains.DOMAINS, unit=domains.UNITS)
def test_a_value_comes_back_from_the_unit_interval_unchanged(domain, unit):
    value = domain.value(unit)

    assert domain.value(domain.unit(value)) == value


@settings(max_examples=500)
@given(domain=domains.REALS | domains.INTEGERS, unit=domains.UNITS)
def test_a_value_lies_inside_the_bounds(domain, unit):
    assert domain.low <= domain.value(unit) <= domain.high


@given(domain=domains.REALS | domains.INTEGERS)
def test_a_bound_comes_back_from_the_unit_interval_unchanged(domain):
    ends = [domain.value(domain.unit(end)) for end in (domain.low, domain.high)]

    assert ends == [domain.low, domain.high]


@given(
    value=st.integers(10**8, 10**9 - 1).flatmap(
        lambda digits: st.integers(-12, 3).map(lambda power: float(f"{digits}e{power}"))
    )
)
def test_any_value_of_nine_digits_comes_back_on_a_log_scale(value):
    domain = Real(1e-5, 1e13, log=True)

    assert domain.value(domain.unit(value)) == value


@given(value=st.integers(0, 10**9).map(lambda count: count / 10**9))
def test_any_value_of_nine_decimals_comes_back_between_0_and_1(value):
    assert Real(0.0, 1.0).value(Real(0.0, 1.0).unit(value)) == value


@given(digits=st.integers(10**8, 10**9 - 1), power=st.integers(9, 12))
def test_any_distance_from_one_of_nine_digits_comes_back(digits, power):
    domain = Real(0.0, 1.0 - 1e-5, scale="one_minus_log")
    value = 1.0 - digits / 10**power

    assert domain.value(domain.unit(value)) == pytest.approx(value, abs=1e-15)


@given(low=st.integers(1, 10**11), width=st.integers(1, 10**11), log=st.booleans(), data=st.data())
def test_any_whole_number_comes_back(low, width, log, data):
    domain = Integer(low, low + width, log=log)
    value = data.draw(st.integers(domain.low, domain.high))

    assert domain.value(domain.unit(value)) == value


@pytest.mark.parametrize("domain", DOMAINS[:3], ids=repr)
@given(unit=UNITS)
def test_a_value_has_few_digits(domain, unit):
    assert len(repr(domain.value(unit)).lstrip("-0.").partition("e")[0]) <= 16


@pytest.mark.parametrize("domain", DOMAINS[:6], ids=repr)
@given(units=st.tuples(UNITS, UNITS))
def test_a_larger_coordinate_never_gives_a_smaller_value(domain, units):
    left, right = sorted(units)

    assert domain.value(left) <= domain.value(right)


@pytest.mark.parametrize("domain", DOMAINS[:4], ids=repr)
def test_the_ends_of_the_unit_interval_are_the_bounds(domain):
    ends = [domain.value(0.0), domain.value(1.0)]

    assert ends == pytest.approx([domain.low, domain.high])


@pytest.mark.parametrize(
    ("domain", "middle"),
    [
        (Real(0.0, 1.0), 0.5),
        (Real(1e-4, 1.0, log=True), 1e-2),
        (Real(0.9, 0.999, scale="one_minus_log"), 0.99),
        (Real(1e-4, 1.0, scale="log"), 1e-2),
    ],
)
def test_a_scale_says_where_the_middle_is(domain, middle):
    assert domain.value(0.5) == pytest.approx(middle)


def test_every_whole_number_has_an_equal_share():
    values = [Integer(1, 5).value((k + 0.5) / 1000) for k in range(1000)]

    assert np.bincount(values).tolist() == [0, 200, 200, 200, 200, 200]


def test_every_choice_has_an_equal_share():
    values = [Choice(["a", "b"]).value((k + 0.5) / 10) for k in range(10)]

    assert values == ["a"] * 5 + ["b"] * 5


@pytest.mark.parametrize(
    ("domain", "value", "beyond"),
    [
        (Real(1e-3, 1.0, log=True), 0.0, -math.inf),
        (Real(0.5, 0.9, scale="one_minus_log"), 1.0, math.inf),
        (Real(1.0, 3.0), 5.0, 2.0),
        (Real(1e-2, 1.0, log=True), 1e-4, -1.0),
    ],
)
def test_a_value_beyond_the_bounds_lies_outside_the_unit_interval(domain, value, beyond):
    assert domain.unit(value) == pytest.approx(beyond)


def test_log_is_short_for_the_scale():
    assert Real(0.1, 1, log=True) == Real(0.1, 1, scale="log")


def test_a_choice_tells_a_boolean_from_a_number():
    choice = Choice([1, True])

    assert [choice.unit(1), choice.unit(True)] == [0.25, 0.75]


def test_numbers_of_numpy_become_plain_ones():
    values = Choice(np.array([16, 32])).values + Choice(np.array([0.5])).values

    assert [type(value) for value in values] == [int, int, float]


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Real(2.0, 1.0), "Real needs low < high, got low=2.0, high=1.0"),
        (lambda: Real(1.0, 1.0), "a single value belongs in `fixed`"),
        (lambda: Real(0.0, math.inf), "Real needs finite numbers as bounds, got high=inf"),
        (lambda: Real(math.nan, 1.0), "got low=nan"),
        (lambda: Real("0", 1.0), "got low='0'"),
        (lambda: Real(False, True), "got low=False"),
        (lambda: Real(0, 10**400), "Give a number"),
        (lambda: Real(-1e308, 1e308), "tell apart and span"),
        (lambda: Real(1e10, 1e10 * (1 + 2e-16), log=True), "tell apart and span"),
        (lambda: Real(0.0, 1.0, log=True), "needs low > 0, got low=0.0. Use a small positive"),
        (lambda: Real(0.0, 1.0, log="yes"), "log=True or log=False, got 'yes'"),
        (lambda: Real(0.5, 1.0, scale="one_minus_log"), "needs high < 1, got high=1.0"),
        (lambda: Real(0.5, 1.0, scale="lgo"), '"linear", "log", "one_minus_log", got \'lgo\''),
        (lambda: Real(0.5, 0.9, scale="one_minus_log", log=True), "got both"),
        (lambda: Integer(1.5, 3), "Integer needs whole numbers as bounds, got low=1.5"),
        (lambda: Integer(0, 8, log=True), "for example low=1"),
        (lambda: Integer(-1, 0, scale="one_minus_log"), 'knows the scales "linear", "log"'),
        (lambda: Integer(2**60, 2**60 + 1), "bounds up to 10**15"),
        (lambda: Integer(10**14, 10**14 + 1, log=True), "tell apart and span"),
        (lambda: Real(0.0, 1.0, units=3), 'needs text as units, got 3. Write for example "steps"'),
        (lambda: Choice([1, 2], units=None), "needs text as units, got None"),
        (lambda: Real(0.0, 1.0, limits=1), "needs two numbers as limits"),
        (lambda: Real(0.0, 1.0, limits=[0, 1, 2]), "needs two numbers as limits"),
        (lambda: Real(0.0, 1.0, limits=[0, math.nan]), "needs two numbers as limits"),
        (lambda: Real(0.0, 1.0, limits="01"), "got '01'. Write for example limits = [0, 1]"),
        (lambda: Real(0.0, 1.0, limits=(0.1, 2)), "low=0.0, high=1.0 and limits=[0.1, 2.0]"),
        (lambda: Integer(1, 9, limits=(0, 8)), "Narrow the bounds, or widen the limits"),
        (lambda: Integer(1, 9, limits=(9, 0)), "needs bounds within its limits"),
        (lambda: Space({}, constraints=("a < 1",)), "`a < 1` names `a`, which has no value"),
        (lambda: Space({}, constraints=("__import__('os')",)), "`__import__` may not stand"),
        (lambda: Choice([]), "at least one value"),
        (lambda: Choice("adam"), "Choice needs a list of values, got 'adam'. Write ['adam']"),
        (lambda: Choice(3), "Choice needs a list of values, got 3"),
        (lambda: Choice(["a", "b", "a"]), "got `a` twice"),
        (lambda: Choice([1, 1.0]), "got `1.0` twice"),
        (lambda: Choice(["true", True]), "got `true` twice"),
        (lambda: Choice([None, 1]), "got None. Name the value with a text"),
        (lambda: Choice([1.0, math.nan]), "got nan"),
        (lambda: Choice([1, 2], ordered="yes"), "ordered=True or ordered=False, got 'yes'"),
        (lambda: Choice([1, 2]).unit(3), "`3` is not one of the values of this Choice: 1, 2"),
    ],
)
def test_an_impossible_domain_is_refused_with_the_rule(build, sentence):
    with pytest.raises(SpaceError) as refusal:
        build()

    assert sentence in str(refusal.value)


@given(order=st.permutations(["width", "momentum", "activation", "learning_rate"]))
def test_the_order_of_keys_means_nothing(order):
    domains = dict(zip(["width", "momentum", "activation", "learning_rate"], DOMAINS, strict=False))
    space = Space({name: domains[name] for name in order})

    assert space.setting([0.1, 0.2, 0.3, 0.4]) == Space(domains).setting([0.1, 0.2, 0.3, 0.4])


@given(unit_D=st.lists(UNITS, min_size=8, max_size=8))
def test_a_setting_comes_back_from_the_unit_cube(unit_D):
    space = Space({f"x{number}": domain for number, domain in enumerate(DOMAINS)})
    setting = space.setting(unit_D)

    assert space.setting(space.unit(setting)) == setting


def test_a_space_counts_its_dimensions():
    assert Space({"b": Real(0, 1), "a": Choice([1, 2])}).dimensions == 2


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_is_the_number(value):
    assert float(value_text(value)) == value


@given(values=st.lists(st.integers(-100, 100) | st.booleans() | st.text(max_size=3), unique=True))
def test_a_choice_finds_each_of_its_values(values):
    texts = [value_text(value) for value in values]
    assume(values and len(set(texts)) == len(texts))
    units = [Choice(values).unit(value) for value in values]

    assert all(left < right for left, right in pairwise(units))


@pytest.mark.parametrize("limits", [(0, 1), [0, 1], (-math.inf, 1.0), (0.0, math.inf)])
def test_limits_are_a_pair_of_floats(limits):
    kept = Real(0.0, 1.0, limits=limits).limits

    assert kept == (float(limits[0]), float(limits[1]))
    assert all(type(each) is float for each in kept)


@pytest.mark.parametrize(
    ("domain", "plain"),
    [
        (Real(0.5, 0.9, units="%", scale="one_minus_log"), Real(0.5, 0.9, scale="one_minus_log")),
        (Integer(1, 9, log=True, limits=(1, 99)), Integer(1, 9, log=True)),
        (Choice([1, 2], ordered=True, units="layers"), Choice([1, 2], ordered=True)),
        (0.1, 0.1),
    ],
)
def test_a_bare_domain_has_neither_units_nor_limits(domain, plain):
    assert bare(domain) == plain


def test_a_space_admits_what_satisfies_every_constraint():
    domains = {"width": Integer(1, 64), "heads": Integer(1, 8)}
    texts = ("width % heads == 0", "width <= most")
    space = Space(domains, constraints=texts, known={"most": 32})
    settings = [{"width": width, "heads": heads} for width, heads in ((8, 4), (8, 3), (64, 4))]

    assert [space.admits(one) for one in settings] == [True, False, False]
