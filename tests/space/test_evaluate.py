import math

import pytest

from etude.errors import SpaceError
from etude.space.evaluate import holds, kinds
from etude.space.expression import parsed

VALUES = {"a": 6, "b": 4, "z": 0, "big": 1e300, "text": "adam", "no": False, "half": 0.5}
NUMBER, TEXT, TRUTH = frozenset(["number"]), frozenset(["text"]), frozenset(["truth"])
NAMES = {"a": NUMBER, "text": TEXT, "no": TRUTH, "mixed": NUMBER | TEXT}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a % b == 2 and a // b == 1 and a / b == 1.5 and -a + b == -2", True),
        ("a ** 2 == 36 and a * half == 3 and abs(b - a) == 2", True),
        ("max(a, b, z) == a and min(a, b) == b and sqrt(b) == 2", True),
        ("log(exp(half)) == half", True),
        ("b < a <= 6 != b", True),
        ("a < b or not no", True),
        ('text == "adam" and text != "sgd"', True),
        ("a == 5", False),
        ("no", False),
        ("not no", True),
        ("no == false", True),
        ("a == no", False),
        ("z == no", False),
        ("z == half - half", True),
    ],
)
def test_an_expression_says_what_python_says(text, expected):
    assert holds(parsed(text), VALUES) is expected


@pytest.mark.parametrize(
    "text",
    ["a % z == 0", "a / z > 0", "not a / z > 0", "a // z == a // z", "log(z) < 0", "exp(big) > 1",
     "(-a) ** 0.5 > 0", "big * big - big * big == 0", "sqrt(-a) >= 0", "text < 3", "text + 1 > 0",
     "not text", "a / z != 3", "not (no or a / z > 0)"],
)  # fmt: skip
def test_where_a_number_is_missing_a_constraint_does_not_hold(text):
    assert not holds(parsed(text), VALUES)


@pytest.mark.parametrize(
    "text", ["z == 0 or a % z == 0", "a % z == 0 or z == 0", "not (z != 0 and a % z > 0)"]
)
def test_a_side_that_decides_leaves_the_other_unasked(text):
    assert holds(parsed(text), VALUES)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("text < 3", "`<` takes a number, and `text` is a text."),
        ('a + "1" == 2', "`+` takes a number, and `'1'` is a text."),
        ("not a", "`not` takes a truth, and `a` is a number."),
        ("a and a > 1", "`and` takes a truth, and `a` is a number. Compare it"),
        ("-no < 1", "`-` takes a number, and `no` is a truth"),
        ('a == "6"', "`==` compares a number, `a`, with a text, `'6'`: they are never equal."),
        ("(a < 1) == a", "`==` compares a truth, what `<` gives, with a number, `a`"),
    ],
)
def test_what_can_have_no_value_is_a_mistake(text, sentence):
    with pytest.raises(SpaceError) as refusal:
        kinds(parsed(text).tree, NAMES)

    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('mixed == "none" or mixed < 1', TRUTH),
        ("no", TRUTH),
        ("a + 1", NUMBER),
        ("mixed", NUMBER | TEXT),
    ],
)
def test_what_may_have_a_value_is_none(text, kind):
    assert kinds(parsed(text).tree, NAMES) == kind


def test_a_value_of_another_kind_among_those_of_a_choice_is_skipped():
    limit = parsed('clip == "none" or clip < 1')

    assert [holds(limit, {"clip": clip}) for clip in ("none", 0.5, 2.0, math.inf)] == [
        True,
        True,
        False,
        False,
    ]
