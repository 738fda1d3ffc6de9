"""What changed of the user's code since trials ended, before any is imported."""

from pathlib import Path
from typing import Any

import pytest

from etude.code import Code, CodeFile, Stretch
from etude.record import Record
from etude.round.changed_code import changed_code
from etude.runner.imported import file_of, reference_file

TRAIN = b"import helper\n\ndef train(trial):\n    return helper.SCALE\n"
FILES = {"train.py": TRAIN, "helper.py": b"SCALE = 1.0\n", "package/__init__.py": b"X = 1\n"}
REFERENCE = "train.py:train"


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text)
    return tmp_path


def code(**changed):
    files = {**FILES, **{f"{name}.py": text for name, text in changed.items()}}
    read = [file_of(path, text) for path, text in files.items()]
    return Code((*read, reference_file(REFERENCE)))


def trials(*codes, accepted=False):
    """Ended trials, each by its code."""
    return [
        Record(
            id=at,
            study="all",
            index=at,
            setting={},
            seed=at,
            status="completed",
            stretches=(Stretch(0, 1, one, accepted),),
        )
        for at, one in enumerate(codes)
    ]


def test_nothing_changed(folder):
    assert changed_code(trials(code(), code()), folder, REFERENCE) == ()


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_changed_is_told_with_its_trials_and_lines(folder, name):
    (folder / name).write_bytes(FILES[name] + b"Y = 2\nZ = 3\n")

    (found,) = changed_code(trials(code(), code(), code()), folder, REFERENCE)

    assert (found.path, found.trials, found.lines, found.gone) == (name, 3, 2, False)


@pytest.mark.parametrize("name", FILES)
def test_a_comment_is_no_change(folder, name):
    (folder / name).write_bytes(FILES[name] + b"\n# a comment\n")

    assert changed_code(trials(code()), folder, REFERENCE) == ()


def test_a_file_that_is_gone_is_told(folder):
    (folder / "helper.py").unlink()

    (found,) = changed_code(trials(code(), code()), folder, REFERENCE)

    assert (found.path, found.trials, found.gone) == ("helper.py", 2, True)


def test_only_trials_of_another_version_count(folder):
    older = code(helper=b"SCALE = 2.0\n")

    (found,) = changed_code(trials(older, code(), older), folder, REFERENCE)

    assert (found.path, found.trials, found.accepted) == ("helper.py", 2, False)


def test_versions_that_were_accepted_beside_each_other_stay_so(folder):
    records = trials(code(helper=b"SCALE = 2.0\n"), code(), accepted=True)

    (found,) = changed_code(records, folder, REFERENCE)

    assert found.accepted


def test_another_reference_is_other_code(folder):
    (found,) = changed_code(trials(code()), folder, "train.py:other")

    assert (found.path, found.trials, found.lines) == ("[experiment] train", 1, 1)


def test_a_training_file_that_was_renamed_did_not_change(folder):
    (folder / "train.py").rename(folder / "training.py")

    assert changed_code(trials(code(), code()), folder, "training.py:train") == ()


def test_a_training_file_that_was_renamed_and_edited_did(folder):
    (folder / "train.py").unlink()
    (folder / "training.py").write_bytes(TRAIN + b"Y = 2\n")

    found = changed_code(trials(code()), folder, "training.py:train")

    assert [(one.path, one.gone) for one in found] == [
        ("[experiment] train", False),
        ("train.py", True),
    ]


def test_trials_whose_code_nobody_knows_say_nothing(folder):
    (folder / "train.py").write_bytes(b"X = 1\n")

    assert changed_code(trials(None, None), folder, REFERENCE) == ()


def test_a_module_from_elsewhere_is_looked_for_where_python_would(folder, tmp_path, monkeypatch):
    place = tmp_path / "elsewhere"
    (place / "mine").mkdir(parents=True)
    (place / "mine" / "part.py").write_bytes(b"A = 2\n")
    monkeypatch.syspath_prepend(str(place))
    known = Code((CodeFile("mine.part", "1", "A = 1"), CodeFile("not.there", "2", "B = 1")))

    (found,) = changed_code(trials(known), folder, REFERENCE)

    assert (found.path, found.lines) == ("mine.part", 1)


def test_a_function_of_a_notebook_is_compared_with_the_one_that_is_handed_over(folder):
    spaces: list[dict[str, Any]] = [{}, {}]
    for space, value in zip(spaces, (1.0, 2.0), strict=True):
        exec(f"def train(trial):\n    return {value}\n", space)  # as a cell does
    from etude.runner.imported import function_file

    known = Code((function_file(spaces[0]["train"]),))

    assert changed_code(trials(known), Path(), spaces[0]["train"]) == ()
    assert [one.path for one in changed_code(trials(known), Path(), spaces[1]["train"])] == [
        "<train>"
    ]
