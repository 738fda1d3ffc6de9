"""Experiments of every shape, as fields: odd names, nested conditions, all domains."""

import math

from hypothesis import strategies as st

from etude.experiment import Resources
from etude.experiment.validation import DESIGN_RULES, TRACKERS
from etude.playbook.metrics import METRICS
from etude.playbook.problems import problems
from etude.space import Choice, Integer, Real, value_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
NUMBERS = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)


def told_apart(value):
    """What Python compares, but for True and 1."""
    return isinstance(value, bool), value


SCALARS = TEXTS | st.booleans() | NUMBERS
CHOICES = st.builds(
    Choice,
    st.lists(SCALARS, min_size=2, max_size=4, unique_by=(value_text, told_apart)),
    ordered=st.booleans(),
    units=TEXTS,
)
BOUNDS = st.tuples(st.floats(1e-9, 0.4), st.floats(0.5, 0.99))
LIMITS = st.none() | st.tuples(
    st.just(-math.inf) | st.floats(-9.0, 0.0), st.just(math.inf) | st.floats(200.0, 999.0)
)
REALS = st.builds(
    lambda bounds, scale, units, limits: Real(*bounds, scale=scale, units=units, limits=limits),
    BOUNDS,
    st.sampled_from(["linear", "log", "one_minus_log"]),
    TEXTS,
    LIMITS,
)
INTEGERS = st.builds(
    lambda low, width, log, limits: Integer(low, low + width, log=log, limits=limits),
    st.integers(1, 99),
    st.integers(1, 99),
    st.booleans(),
    LIMITS,
)
CONSTRAINTS = st.lists(
    st.sampled_from(["max_steps > 1", "`a` != 'x.y' or b", "max_steps % 2 == 0"]), max_size=3
)
# Which metrics there are shows only when they are logged, so any name may be one.
OWN_NAMES = st.dictionaries(NAMES, st.sampled_from(METRICS), max_size=3).map(
    lambda names: {name: known for known, name in {v: k for k, v in names.items()}.items()}
)
POSITIVE = st.none() | st.integers(1, 10**9) | st.floats(1e-9, 1e9)
RESOURCES = st.builds(
    Resources,
    cpus=POSITIVE,
    gpus=st.none() | st.integers(0, 8) | st.floats(0, 1),
    memory_gb=POSITIVE,
    files=st.lists(NAMES, max_size=2).map(tuple),
)


def members(prefix, values):
    """Names begin with a prefix of their own, so that none stands in two places that can meet."""
    return st.dictionaries(NAMES.map(lambda name: prefix + name), values, max_size=3)


def when(name, texts, inner):
    """A role's `when`, there or not, with tables for some values of one scientific name."""
    tables = st.dictionaries(st.sampled_from(texts), inner, max_size=2)
    return st.fixed_dictionaries({}, optional={"when": st.fixed_dictionaries({name: tables})})


def role(prefix, values):
    """A role with conditions on `a` and, below them, on `b`."""
    deepest = members(f"{prefix}2", values)
    deep = merged(members(f"{prefix}1", values), when("b", ["0.1", "true"], deepest))
    return merged(members(f"{prefix}0", values), when("a", ["x.y", 'say "no"'], deep))


def merged(left, right):
    return st.builds(lambda one, other: one | other, left, right)


CONDITIONS = {"a": ["x.y", 'say "no"'], "b": [0.1, True]}
EXPERIMENTS = st.fixed_dictionaries(
    {
        "metric": st.just("valid/error"),
        "max_steps": st.integers(1, 10**9),
        "trials": st.integers(1, 999),
        "scientific": merged(members("s", CHOICES), st.just(CONDITIONS)),
        "nuisance": role("n", REALS | INTEGERS | CHOICES),
        "fixed": role("f", SCALARS),
    },
    optional={
        "name": st.sampled_from(["optimizer-2", "a.b"]),
        "question": TEXTS,
        "notes": TEXTS,
        "kind": st.none() | st.sampled_from(list(problems())),
        "maximize": st.booleans(),
        "train": st.just("train.py:train"),
        "seed": st.integers(0, 2**31),
        "max_trial_s": st.none() | st.floats(1e-3, 1e9),
        "diverged_above": st.just(False) | st.floats(1e-3, 1e9),
        "parent": st.none() | st.just("optimizer"),
        "acknowledge": st.lists(st.sampled_from(DESIGN_RULES), max_size=3),
        "constraints": CONSTRAINTS,
        "names": OWN_NAMES,
        "resources": RESOURCES,
        "track": st.dictionaries(
            st.sampled_from(TRACKERS), st.dictionaries(NAMES, SCALARS, max_size=2), max_size=2
        ),
    },
)
