"""Training scripts in common style, as they were and as they run with Etude."""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from etude.round.result import load
from etude.store import open_store

HERE = Path(__file__).parent / "scripts"
SCRIPTS = ("globals", "loader", "partial_fit")
# What docs/experiment.md promises.
WRITTEN, DELETED = 5, 2
FALSE = re.compile(r"warning|fail|error|unread|not read|nobody|killed|could not (?!judge)", re.I)


def lines(script, name):
    """The code of a script, indentation and empty lines aside."""
    text = (HERE / script / name).read_text().splitlines()
    return [line.strip() for line in text if line.strip()]


@pytest.fixture(scope="module", params=SCRIPTS)
def runs(request, tmp_path_factory):
    """What a script said with one and two workers, and the values of its trials."""
    for library in ("torch", "sklearn"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("script") / "here"
    shutil.copytree(HERE / request.param, folder)
    return {workers: _run(folder, workers) for workers in (1, 2)}


def _run(folder, workers):
    store = folder / f"{workers}.db"
    command = ["run", "experiment.toml", "--workers", str(workers), "--store", str(store)]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            patch.setenv(name, "1")
        done = subprocess.run(
            [sys.executable, "-m", "etude", *command],
            capture_output=True,
            text=True,
            cwd=folder,
            check=False,
        )
    records = list(load(open_store(store, create=False), "experiment").records)
    logs = [path.read_text() for path in sorted(folder.glob(f"{workers}.db.trials/*/*/log.txt"))]
    return done, records, logs


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_runs_with_as_few_changed_lines_as_is_promised(script):
    before, after = lines(script, "before.py"), lines(script, "train.py")
    changes = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    written = [line for line in changes if line.startswith("+")]
    deleted = [line for line in changes if line.startswith("-")]

    assert 0 < len(written) <= WRITTEN, written
    assert len(deleted) <= WRITTEN + DELETED, deleted


@pytest.mark.slow
def test_a_script_runs_the_first_time_and_nothing_false_is_said(runs):
    for done, records, logs in runs.values():
        said = [line for line in done.stdout.splitlines() if FALSE.search(line)]

        assert (done.returncode, done.stderr, said) == (0, "", []), done.stdout
        assert {record.status for record in records} == {"completed"}
        assert not any("Etude" in log or "Warning" in log for log in logs)


@pytest.mark.slow
def test_a_script_gives_the_same_values_whatever_the_number_of_workers(runs):
    values = [
        {record.id: record.series("valid/accuracy").values_P.tolist() for record in records}
        for _, records, _ in runs.values()
    ]

    assert values[0] == values[1]
    assert all(len(curve) >= 3 for curve in values[0].values())
