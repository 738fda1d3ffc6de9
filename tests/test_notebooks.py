"""The notebooks of `examples/`, executed: no error, the answers in sight, one output for a run."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def cells_of(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]


def text_of(data, kind):
    return "".join(data.get(kind, ""))


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """What a notebook shows, cell by cell, each output as its data by kind; executed once."""

    @cache
    def shown(name):
        folder = tmp_path_factory.mktemp(name)
        words = [sys.executable, "-m", "tests.executed_notebook", FOLDER / f"{name}.ipynb", folder]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        return [
            [one["data"] for one in cell if "data" in one]
            for cell in cells_of(folder / f"{name}.ipynb")
        ]

    return shown


def test_there_are_three_notebooks():
    assert NAMES == ["first_question", "imported", "stacks"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_and_answers_its_question(name, executed):
    pages = [text_of(data, "text/html") for cell in executed(name) for data in cell]

    assert any("Next" in page and "<svg" in page for page in pages)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["first_question", "stacks"])
def test_a_run_has_one_output_which_says_at_last_that_it_is_over(name, executed):
    texts = [text_of(data, "text/plain") for cell in executed(name) for data in cell]
    trials = {"first_question": 24, "stacks": 16}[name]

    assert len([text for text in texts if f"{trials} of {trials} trials ended" in text]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_only_charts_bring_scripts(name, executed):
    shown = [data for cell in executed(name) for data in cell]
    pages = [data for data in shown if not text_of(data, "text/plain").startswith("alt.")]

    assert [page for page in pages if "<script" in text_of(page, "text/html")] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_output_is_stored(name):
    assert not any(cells_of(FOLDER / f"{name}.ipynb"))
