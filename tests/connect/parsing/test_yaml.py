from __future__ import annotations

from contextlib import suppress

import pytest

from etude.connect.parsing.yaml import mapping
from etude.errors import ImportFileError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", 1),
        ("a: -2.5e-3", -0.0025),
        ("a: 6e-05  # small", 6e-05),
        ("a: true", True),
        ("a: null", None),
        ("a: ~", None),
        ("a:", None),
        ("a: .nan", "nan"),
        ("a: 'it''s: #1'", "it's: #1"),
        ('a: "two\\nlines"', "two\nlines"),
        ("a: 3.11.10", "3.11.10"),
        ("a: C:\\Users: x", "C:\\Users: x"),
        ("a: long words\n  that go on", "long words that go on"),
        ("a: |-\n  two\n  lines\nb: 1", "two\nlines"),
        ("a: []", []),
        ("a: {}", {}),
        ("a: [0.9, 0.99]", "[0.9, 0.99]"),
        ("a:\n- 1\n- b: 2\n  c: 3\n-\n  - 4", [1, {"b": 2, "c": 3}, [4]]),
        ("a:\n    - - 1\n      - 2\n    - 3", [[1, 2], 3]),
        ("a:\n  b:\n    'c d': 1\n  \"e\": 2\n", {"b": {"c d": 1}, "e": 2}),
        ("a: !!python/tuple\n- 0.9\n- 0.99\nb: 1", [0.9, 0.99]),
        ("a: !!python/tuple [0.9, 0.99]", "[0.9, 0.99]"),
        ("---\n# said first\na: 1\n...", 1),
    ],
)
def test_what_trackers_write_is_read(text, value):
    assert mapping(text, "x.yaml")["a"] == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object:x.Y {}", "line 1: a tag"),
        ("!!python/object:x.Y {}", "line 1: a tag"),
        ("- !!python/name:os.system", "line 1: a tag"),
        ("a: &x 1", "an anchor"),
        ("a: 1\nb: *x", "line 2: an alias"),
        ("? a\n: 1", "a complex key"),
        ("a:\n\tb: 2", "line 2: a tab"),
        ("a: 1\n  b: 2", "line 1: a value that goes on"),
        ("a: 1\njust words", "without `key: value`"),
        ("  a: 1\nb: 2", "indented like nothing"),
        ("a: 'open", "a quote without its end"),
        ("- 1\n- 2", "holds a list"),
        ("- " * 1000 + "1", "nested more than 32 deep"),
    ],
)
def test_what_lies_beyond_is_refused_with_its_line(text, message):
    with pytest.raises(ImportFileError, match=message):
        mapping(text, "x.yaml")


@pytest.mark.parametrize(
    "value",
    [
        "!!python/name:torch.nn.relu ''",
        "!!python/object/apply:pathlib.PosixPath\n  - /\n  - data",
        "!!python/object:nets.Block\n    lr: 5\n    layers:\n    - 1",
        "&id001\n  - 1\n  - 2",
        "*id001",
        "\n  - 1\n  - !!python/name:torch.nn.relu ''\n  - 3",
    ],
)
def test_a_value_that_is_not_read_leaves_the_others_and_is_named(value):
    told: list[str] = []

    tree = mapping(f"lr: 0.1\nnet:\n  width: 8\n  act: {value}".rstrip() + "\nseed: 3", "x", told)

    assert tree == {"lr": 0.1, "net": {"width": 8}, "seed": 3}
    assert len(told) == 1
    assert "`net.act` is not read" in told[0]


def test_laughs_by_the_billion_stop_at_the_first():
    laughs = 'a: &a ["lol", "lol"]\n' + "".join(
        f"{after}: &{after} [*{before}, *{before}, *{before}]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )

    with pytest.raises(ImportFileError, match=r"line 1: an anchor"):
        mapping(laughs, "x.yaml")


@pytest.mark.parametrize("text", ["a" + " " * 10**6, "a: " + "1" * 10**6 + "x", "'" * 10**6])
def test_a_line_without_end_takes_no_longer_than_its_length(text):
    with suppress(ImportFileError):
        assert mapping(text, "x.yaml") == {"a": text.removeprefix("a: ")}
