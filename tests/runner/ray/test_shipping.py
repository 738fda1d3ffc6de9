import pytest

from etude.errors import RunError
from etude.runner.ray.shipping import parcel


@pytest.fixture
def folder(tmp_path):
    """An experiment's folder with code, data, a store and what is hidden."""
    folder = tmp_path / "work"
    (folder / "data" / ".cache").mkdir(parents=True)
    (folder / "etude.db.checkpoints" / "digits").mkdir(parents=True)
    (folder / "data" / "old.db.trials").mkdir()
    for name in (
        *("train.py", "data/train.csv", "data/.cache/part", ".env", "etude.db"),
        *("etude.db.checkpoints/digits/state", "data/old.db", "data/old.db.trials/log.txt"),
    ):
        (folder / name).write_text("1234")
    return folder


def names(shipped):
    return [name for _, name in shipped.files]


def test_code_and_named_files_are_shipped_and_nothing_else(folder):
    shipped = parcel([folder / "train.py"], folder, ["data"], [])

    assert names(shipped) == ["code/data/train.csv", "code/train.py"]
    assert shipped.size == 8
    assert shipped.line() == "Ray: 2 files (8 bytes) to each node."


@pytest.mark.parametrize("name", [".env", "etude.db", "etude.db.checkpoints", "data/old.db", "no"])
def test_what_is_hidden_or_a_stores_or_missing_cannot_be_named(folder, name):
    with pytest.raises(RunError, match=r"\[resources\] files names `.*never shipped"):
        parcel([], folder, [name], [])


def test_of_a_store_as_new_as_this_run_and_of_trackers_nothing_is_shipped(folder):
    (folder / "fresh.db").write_text("1234")
    (folder / "fresh.db.digits.lock").write_text("1234")
    (folder / "data" / "fresh.db").write_text("1234")
    for kind in ("wandb", "tensorboard", "tracking"):
        (folder / f"moved.db.{kind}").mkdir()
        (folder / f"moved.db.{kind}" / "run").write_text("1234")

    shipped = parcel([], folder, ["*"], [], store=folder / "fresh.db")

    assert names(shipped) == ["code/data/fresh.db", "code/data/train.csv", "code/train.py"]


def test_a_file_outside_of_the_experiments_folder_cannot_be_named(folder):
    (folder.parent / "other.csv").write_text("1")

    with pytest.raises(RunError, match="there is no such file to ship below"):
        parcel([], folder, ["../other.csv"], [])


def test_code_of_another_place_on_the_path_is_shipped_beside(folder, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    (library / "mine.py").write_text("")

    shipped = parcel([folder / "train.py", library / "mine.py"], folder, [], [library])

    parts = [name.split("/") for name in names(shipped)]
    assert parts == [["code", "train.py"], ["path-0", "mine.py"]]
    assert shipped.path == ("path-0",)


def test_a_package_is_shipped_from_its_own_root(folder):
    (folder / "__init__.py").write_text("")

    shipped = parcel([folder / "__init__.py", folder / "train.py"], folder, [], [])

    assert shipped.folder == "code/work"
    assert {name.rpartition("/")[0] for name in names(shipped)} == {"code/work"}


def test_too_much_is_refused_before_it_is_packed(folder):
    with (folder / "data" / "large.bin").open("wb") as file:
        file.truncate(600 * 1024**2)

    with pytest.raises(RunError, match="file system that the nodes share"):
        parcel([], folder, ["data/large.bin"], [])


def test_what_is_laid_out_is_what_is_in_the_parcel(folder):
    place = parcel([folder / "train.py"], folder, ["data"], []).laid_out()

    laid = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    assert laid == ["code/data/train.csv", "code/train.py"]
