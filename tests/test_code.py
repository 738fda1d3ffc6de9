"""Versions of a file: what counts as a change, and how much of one it is."""

import pytest

from etude.code import Code, CodeFile, is_same, lines_between

BEFORE = "import math\n\nSCALE = 1.0\n\n\ndef train(trial):\n    return math.sqrt(SCALE)\n"


def version(text: str, path: str = "train.py") -> CodeFile:
    return CodeFile(path, f"hash of {text}", text)


@pytest.mark.parametrize(
    "after",
    [
        BEFORE.replace("SCALE = 1.0", "SCALE = 1.0  # of the loss"),
        BEFORE.replace("\n\n\n", "\n\n\n\n\n"),
        BEFORE.replace("return math.sqrt(SCALE)", '"""Trains."""\n    return math.sqrt(SCALE)'),
        f'"""A module."""\n{BEFORE}',
        BEFORE.replace("(SCALE)", "(\n        SCALE\n    )"),
    ],
    ids=["a comment", "empty lines", "a docstring", "a module's docstring", "a line break"],
)
def test_what_changes_no_statement_is_no_change(after):
    assert is_same(version(BEFORE), version(after))


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (BEFORE.replace("1.0", "1000.0"), 1),
        (BEFORE.replace("1.0", "1000.0  # large\n# and so on"), 1),
        (f"{BEFORE}\nSCALE = 2.0\nOTHER = 3.0\n", 2),
    ],
    ids=["a number", "a number and comments", "two statements"],
)
def test_a_change_is_counted_in_lines_of_statements(after, lines):
    assert not is_same(version(BEFORE), version(after))
    assert lines_between(version(BEFORE), version(after)) == lines


def test_what_is_no_program_any_more_is_compared_as_text():
    assert not is_same(version(BEFORE), version(BEFORE.replace("trial)", "trial")))


def test_what_was_not_kept_differs_by_its_hash():
    large, other = CodeFile("data.py", "a"), CodeFile("data.py", "b")

    assert is_same(large, CodeFile("data.py", "a"))
    assert not is_same(large, other)
    assert lines_between(large, other) is None


def test_a_digest_is_of_all_files_and_their_places():
    one = Code((version("x = 1", "a.py"), version("y = 1", "b.py")))

    assert one.digest == Code(one.files).digest
    assert one.digest != Code(one.files[:1]).digest
    assert one.digest != Code((version("x = 1", "b.py"), version("y = 1", "a.py"))).digest
