"""What a source is known by, and what is said of one that no reader takes."""

import pytest
from tests.connect.csv_folders import import_source
from tests.connect.sources import SOURCES

from etude.connect.detection import detect_kind
from etude.errors import ImportFileError


@pytest.fixture
def multirun(tmp_path):
    """A multirun of Hydra with two jobs."""
    for job in ("0", "1"):
        config = tmp_path / "multirun" / "2026-01-01" / "10-00-00" / job / ".hydra" / "config.yaml"
        config.parent.mkdir(parents=True)
        config.write_text(f"lr: 0.{job}1\n")
    return tmp_path / "multirun"


def test_jobs_of_hydra_that_logged_nothing_are_told_with_the_way_out(multirun):
    with pytest.raises(ImportFileError) as refusal:
        import_source(multirun, kind="csv")

    assert "jobs of Hydra, whose `.hydra` holds settings and no results" in str(refusal.value)
    assert "etude import csv results.csv" in str(refusal.value)


def test_a_kind_without_a_reader_is_told_with_the_kind_of_the_source(multirun):
    SOURCES["wandb"](multirun / "2026-01-01" / "10-00-00" / "0")

    with pytest.raises(ImportFileError, match=r"no reader for `hydra`.*etude import wandb"):
        import_source(multirun, kind="hydra")


@pytest.mark.parametrize("kind", ["lightning", "mlflow", "tensorboard", "wandb"])
def test_what_jobs_logged_is_known_in_their_folders(multirun, kind):
    SOURCES[kind](multirun / "2026-01-01" / "10-00-00" / "0")

    assert detect_kind(multirun) == kind


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.csv", "lr,acc\n1,2\n", "csv"),
        ("a.tsv", "lr\tacc\n1\t2\n", "csv"),
        ("a.csv", "Name,State,lr\na,finished,1\n", "wandb"),
        ("a.csv", "Step,a - loss\n0,1\n", "wandb"),
        ("a.csv", "text\n", ""),
        ("a.yaml", "a, b: c\n", ""),
        ("a.csv", "", ""),
    ],
)
def test_a_table_is_known_by_its_header(tmp_path, name, text, kind):
    (tmp_path / name).write_text(text)

    assert detect_kind(tmp_path / name) == kind


def test_a_folder_with_one_table_names_the_file_to_type(tmp_path):
    (tmp_path / "results.csv").write_text("lr,acc\n1,2\n")

    with pytest.raises(ImportFileError, match=r"name the file: etude import csv .*results\.csv"):
        import_source(tmp_path)


@pytest.mark.parametrize("name", ["trials.csv", "curves.csv"])
def test_one_of_the_two_files_is_the_folder(tmp_path, name):
    folder = SOURCES["csv"](tmp_path)

    summary, _ = import_source(folder / name)

    assert summary.statuses == {"completed": 2}
