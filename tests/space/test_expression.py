import time

import pytest

from etude.errors import SpaceError
from etude.space.expression import MAX_LENGTH, Call, Constant, Name, parsed


def refusal(text):
    with pytest.raises(SpaceError) as refused:
        parsed(text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a < 1", Call("<", (Name("a"), Constant(1.0)))),
        ("not a", Call("not", (Name("a"),))),
        ("-a", Call("negative", (Name("a"),))),
        ("true == False", Call("==", (Constant(True), Constant(False)))),
        ("a ** -2", Call("**", (Name("a"), Call("negative", (Constant(2.0),))))),
        ("max(a, 1, 2)", Call("max", (Name("a"), Constant(1.0), Constant(2.0)))),
        (
            "1 < a <= b",
            Call(
                "and", (Call("<", (Constant(1.0), Name("a"))), Call("<=", (Name("a"), Name("b"))))
            ),
        ),
    ],
)
def test_a_text_is_read_as_a_tree(text, tree):
    assert parsed(text).tree == tree


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("width % heads == 0 and heads > 1", ("heads", "width")),
        ("`decoder.dropout` < `lambda`", ("decoder.dropout", "lambda")),
        ("µ < größe", ("größe", "µ")),
        ("name_0 < `a b`", ("a b", "name_0")),
        ('optimizer == "`no name` µ"', ("optimizer",)),
        ("a <\n  b", ("a", "b")),
    ],
)
def test_names_are_those_of_hyperparameters_whatever_their_signs(text, names):
    assert parsed(text).names == names


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('__import__("os")', "__import__"),
        ('__import__("os").system("true")', ".system"),
        ("(1).__class__", ".__class__"),
        ("a.__init__.__globals__", ".__globals__"),
        ("9**9**9**9", "**"),
        ("a ** b < 1", "**"),
        ("2 ** 65 < a", "**"),
        ("lambda: 1", "lambda"),
        ("(lambda: 1)()", "lambda"),
        ("[x for x in y]", "for"),
        ("any(x for x in y)", "any"),
        ('f"{a}" == "a"', "f-string"),
        ("(a := 3) > 1", ":="),
        ("a := 3", ":="),
        ("a if b else c", "if"),
        ("a[0] < 1", "[ ]"),
        ("{}", "{ }"),
        ("a, b", ","),
        ("a in b", "in"),
        ("a is b", "is"),
        ("a | b", "|"),
        ("~a", "~"),
        ("yield", "yield"),
        ("await a", "await"),
        ("import os", "import"),
        ("class < 3", "class"),
        ("a < 1j", "1j"),
        ('a == b"x"', "b'x'"),
        ("a == None", "None"),
        ("1e999 < a", "inf"),
        ("1" * 400 + " < a", "111111111"),
        ("min(a)", "min(...)"),
        ("max(*a)", "max(...)"),
        ("abs(x=a)", "abs(...)"),
        ("(" * 80 + "a" + ")" * 80, "("),
        ("not " * 99 + "a", "not"),
        ("+".join("a" * 99) + " < 1", "+"),
    ],
)
def test_what_is_no_part_of_the_language_is_refused_by_name(text, part):
    assert refusal(text).startswith(f"`{part}` may not stand in a constraint: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is no condition: it is empty. Write for example"),
        ("a <", "is no condition: invalid syntax. Write for example"),
        ("a = 3", "is no condition: invalid syntax"),
        ("a ≤ b", "is no condition: invalid character '≤'"),
        ("a\x00 < b", "is no condition: source code string cannot contain null bytes"),
        ("`", "is no condition"),
        ("a" * (MAX_LENGTH + 1), f"at most {MAX_LENGTH} characters, found {MAX_LENGTH + 1}"),
    ],
)
def test_what_cannot_be_read_is_told_with_an_example(text, sentence):
    assert sentence in refusal(text)


@pytest.mark.parametrize(
    "text", ["9**9**9**9", "-" * 499, "not " * 120 + "a", "(" * 499, "[" * 499, "a" * 10**7]
)
def test_a_refusal_comes_at_once(text):
    begin = time.process_time()
    refusal(text)

    assert time.process_time() - begin < 1.0
