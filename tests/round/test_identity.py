"""Whether a file is the one that a store knows under its name."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.round.rates import FILE

import etude
from etude.errors import RunError
from etude.store import open_store

TRAIN = "def train(trial):\n    return trial['learning_rate']\n"


@pytest.fixture
def project(tmp_path):
    """A folder with a store, and a folder of an experiment that was run."""
    project = tmp_path / "project"
    written(project / "a" / "rates.toml")
    played(project, "a/rates.toml")
    return project


def written(file, text=FILE):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.with_name("train.py").write_text(TRAIN)
    return file


def played(project, file, **given):
    return etude.run(project / file, store=project / "etude.db", runner="inline", **given)


def test_another_file_under_a_known_name_is_refused_with_both_ways_out(project):
    written(project / "b" / "rates.toml")

    with pytest.raises(RunError) as refusal:
        played(project, "b/rates.toml")

    said = str(refusal.value)
    assert "`rates` from another file, `a/rates.toml`; this one is `b/rates.toml`" in said
    assert '`name = "b"`' in said
    assert "add --same" in said
    assert len(open_store(project / "etude.db").entries()[0].launches) == 1


def test_a_name_that_is_suggested_is_free(project):
    written(project / "c" / "rates.toml", FILE.replace('"rates"', '"b"'))
    played(project, "c/rates.toml")
    written(project / "b" / "rates.toml")

    with pytest.raises(RunError, match='`name = "rates-2"`'):
        played(project, "b/rates.toml")


def test_a_file_that_moved_is_the_same_where_that_is_said_once(project):
    shutil.move(project / "a", project / "moved")

    played(project, "moved/rates.toml", agreed=["same_file"])
    again = played(project, "moved/rates.toml")

    assert again.entry.place == "moved/rates.toml"
    assert len(again.entry.launches) == 2  # the second time nothing is left to train


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_a_folder_that_goes_elsewhere_with_its_store_goes_on(project, tmp_path, how):
    how(project, tmp_path / "elsewhere")

    assert len(played(tmp_path / "elsewhere", "a/rates.toml").entry.launches) == 2


def test_a_link_to_the_file_is_the_file(project):
    (project / "link").symlink_to(project / "a")

    assert len(played(project, "link/rates.toml").entry.launches) == 2


def test_a_file_beside_it_that_asks_for_more_trials_extends_it(project):
    written(project / "a" / "longer.toml", FILE.replace("trials = 4", "trials = 6"))

    assert len(played(project, "a/longer.toml").records) == 6


def test_a_copy_beside_it_is_another(project):
    written(project / "a" / "copy.toml")

    with pytest.raises(RunError, match="from another file"):
        played(project, "a/copy.toml")


def test_an_experiment_from_python_has_no_file_to_compare(project):
    known = open_store(project / "etude.db")
    experiment = known.entries()[0].experiment

    result = etude.run(experiment, lambda trial: 1.0, store=known)

    assert len(result.entry.launches) == 2


@pytest.mark.parametrize(("is_there", "same"), [(True, False), (False, True)])
def test_a_file_in_a_store_of_an_older_etude_is_known_by_where_it_stood(
    project, tmp_path, is_there, same
):
    with closing(sqlite3.connect(project / "etude.db")) as db, db:
        db.execute("update experiment set place = null")
    shutil.copytree(project / "a", project / "b")
    if not is_there:
        shutil.rmtree(project / "a")

    if same:
        assert len(played(project, "b/rates.toml").entry.launches) == 2
    else:
        with pytest.raises(RunError, match="from another file"):
            played(project, "b/rates.toml")


def test_the_name_that_is_suggested_is_the_files_where_that_is_free(project):
    written(project / "b" / "other.toml")

    with pytest.raises(RunError, match='`name = "other"`'):
        played(project, str(Path("b", "other.toml")))


def test_the_name_of_changed_settings_is_one_that_no_round_has(project):
    file = written(project / "a" / "rates.toml", FILE.replace('"rates"', '"rates-2"'))
    played(project, "a/rates.toml")
    file.write_text(FILE.replace("max_steps = ", "max_steps = 1"))

    with pytest.raises(RunError, match='"rates-3"'):
        played(project, "a/rates.toml")
