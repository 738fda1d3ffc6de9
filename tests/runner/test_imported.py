"""What is written down of the user's own code, and when it is read."""

import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

import pytest
from tests.runner.sample import assignment, events_of

import etude
from etude.code import REFERENCE, CodeFile
from etude.event import Coded
from etude.runner import imported
from etude.runner.inline import Inline
from etude.runner.processes import Processes
from etude.runner.user_code import train_function

TRAIN = """
import json
import numpy
import helper
from package.part import VALUE

def train(trial):
    import lazy
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": helper.SCALE * VALUE})
"""
FILES = {
    "train.py": TRAIN,
    "helper.py": "SCALE = 1.0\n",
    "lazy.py": "LAZY = 1\n",
    "unused.py": "X = 1\n",
    "package/__init__.py": "",
    "package/part.py": "VALUE = 2.0\n",
}
RUNNERS = {
    "inline": lambda folder: Inline(lambda: train_function("train.py:train", folder)),
    "processes": lambda folder: Processes("train.py:train", folder, workers=1),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A training file with modules of the user's beside it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    yield tmp_path
    for name in ("train", "helper", "lazy", "package", "package.part"):
        sys.modules.pop(name, None)


def codes(events):
    return [event.code for event in events if isinstance(event, Coded)]


def below(code):
    """The files of the experiment's folder: a test's process has others of its own."""
    return {file.path: file.text for file in code.files if file.path.endswith(".py")}


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_a_trial_knows_the_users_files_that_it_imported(runner, folder, tmp_path):
    code = codes(events_of(runner(folder), assignment(tmp_path)))[-1]

    assert below(code) == {name: text for name, text in FILES.items() if name != "unused.py"}


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_what_a_loop_imports_as_it_trains_is_told_at_its_end(runner, folder, tmp_path):
    events = events_of(runner(folder), assignment(tmp_path))

    assert ["lazy.py" in below(code) for code in codes(events)][-1]
    assert len({code.digest for code in codes(events)}) == len(codes(events)) <= 2


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_a_file_that_is_edited_while_trials_run_is_what_was_imported(runner, folder, tmp_path):
    (folder / "train.py").write_text(
        "from pathlib import Path\nimport helper\n"
        "def train(trial):\n"
        "    import lazy\n"
        "    for name in ('train.py', 'helper.py'):\n"
        "        Path(__file__).with_name(name).write_text('EDIT' + 'ED = 1')\n"
        "    return 1.0\n"
    )

    running = runner(folder)
    files = below(codes(events_of(running, assignment(tmp_path)))[-1])

    assert "EDITED" not in files["train.py"] + files["helper.py"]
    assert (folder / "helper.py").read_text() == "EDITED = 1"


def test_a_module_imported_late_is_read_when_a_worker_imports_it(folder, tmp_path):
    (folder / "train.py").write_text(
        "from pathlib import Path\n"
        "def train(trial):\n"
        "    import lazy\n"
        "    Path(lazy.__file__).write_text('EDITED = 1')\n"
        "    return 1.0\n"
    )

    events = events_of(RUNNERS["processes"](folder), assignment(tmp_path))

    assert below(codes(events)[-1])["lazy.py"] == FILES["lazy.py"]


def test_a_module_from_elsewhere_has_its_dotted_name(folder, tmp_path, monkeypatch):
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    (elsewhere / "shared_by_all.py").write_text("Y = 1\n")
    (folder / "train.py").write_text("import shared_by_all\ndef train(trial):\n    return 1.0\n")
    monkeypatch.syspath_prepend(str(elsewhere))

    code = codes(events_of(RUNNERS["processes"](folder), assignment(tmp_path)))[-1]

    assert [file.path for file in code.files] == [REFERENCE, "shared_by_all", "train.py"]


@pytest.mark.parametrize(
    "file",
    [
        subprocess.__file__,
        pytest.__file__,
        etude.__file__,
        f"{sysconfig.get_paths()['purelib']}/torch/__init__.py",
        "/somewhere/dist-packages/torch/__init__.py",
        "/somewhere/library.so",
        None,
    ],
)
def test_what_is_installed_is_not_the_users(file):
    assert not imported.is_users(file)


def test_a_large_file_has_its_hash_alone():
    large = imported.file_of("data.py", b"x = 1\n" * 100_000)

    assert large.text == ""
    assert large.hash != imported.file_of("data.py", b"x = 2\n" * 100_000).hash


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"), "x = 'é'"),
        (b"x = '\xff'\n", "x = '\N{REPLACEMENT CHARACTER}'"),
        (b"x = 1\r\n", "x = 1\n"),
    ],
    ids=["by its coding line", "broken", "of another system"],
)
def test_a_file_is_read_as_python_reads_it(data, text):
    assert text in imported.file_of("train.py", data).text


def test_a_function_of_a_notebook_has_its_bytecode():
    spaces: list[dict[str, Any]] = [{}, {}, {}]
    for space, text in zip(spaces, ("return 1.0", "return 1.0  # one", "return 2.0"), strict=True):
        exec(f"def train(trial):\n    {text}\n", space)  # as a cell does

    first, same, other = (imported.function_file(space["train"]) for space in spaces)

    assert first == same
    assert first.path == "<train>"
    assert first.hash != other.hash


def test_a_module_that_loads_itself_when_looked_at_is_left_asleep(folder, monkeypatch):
    class Asleep(type(sys)):
        def __getattribute__(self, name):
            raise AssertionError(name)

    monkeypatch.setitem(sys.modules, "asleep", Asleep("asleep"))

    assert "asleep" not in [file.path for file in imported.begin(Path(folder)).code().files]


@pytest.mark.parametrize(
    ("statement", "is_ours"),
    [
        ("import before", True),
        ("from before import VALUE", True),
        ("def lazily():\n    import before.part", True),
        ("from package import before", False),
        ("before = 1", False),
    ],
)
def test_a_module_from_before_counts_where_the_training_code_imports_it(
    folder, tmp_path, statement, is_ours
):
    (folder / "before").mkdir()
    (folder / "before" / "__init__.py").write_text("VALUE = 1\n")
    sys.path.insert(0, str(folder))
    try:
        __import__("before")
        (folder / "package" / "before.py").write_text("X = 1\n")
        (folder / "train.py").write_text(f"{statement}\ndef train(trial):\n    return 1.0\n")

        code = codes(events_of(RUNNERS["inline"](folder), assignment(tmp_path)))[-1]
    finally:
        sys.modules.pop("before", None)
        sys.modules.pop("before.part", None)

    assert ("before/__init__.py" in below(code)) == is_ours


def test_a_module_of_another_experiment_in_this_process_does_not_count(folder, tmp_path):
    events_of(RUNNERS["inline"](folder), assignment(tmp_path / "one"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "train.py").write_text("def train(trial):\n    return 1.0\n")

    code = codes(events_of(RUNNERS["inline"](other), assignment(tmp_path / "two")))[-1]

    assert [file.path for file in code.files] == [REFERENCE, "train.py"]
    sys.modules.pop("train_of_experiment", None)


def test_relative_imports_are_followed():
    assert imported.imports_of("from . import a\nfrom ..b import c\nimport d.e", "p.q") == (
        ("d", "d.e", "p", "p.q", "p.q.a", "p.b", "p.b.c")
    )


def test_a_file_that_stays_as_it_is_is_masked_once_and_an_edited_one_again(tmp_path, monkeypatch):
    file = tmp_path / "long_known.py"
    file.write_text("X = 1\n")
    read = []

    def file_of(path: str, data: bytes) -> CodeFile:
        read.append(path)
        return CodeFile(path, "", str(data))

    monkeypatch.setattr(imported, "file_of", file_of)
    long_ago = time.time() - 60

    os.utime(file, (long_ago, long_ago))
    first, again = (imported._read(str(file)) for _ in range(2))
    file.write_text("X = 2\n")  # as long, and just now
    edited = imported._read(str(file))
    file.write_text("X = 3\n")
    at_once = imported._read(str(file))

    assert first is again
    assert ["2" in edited.text, "3" in at_once.text] == [True, True]
    assert len(read) == 3
