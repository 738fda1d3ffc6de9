"""The walk over a folder and the reading of bytes: both end, whatever the folder holds."""

import os
import time

import pytest
from tests.connect.csv_folders import import_source

from etude.connect import READERS
from etude.connect.parsing import files
from etude.errors import ImportFileError


@pytest.fixture
def circles(tmp_path):
    """A folder with links that lead into each other, and back into the folder."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name, target in (("b", "loop"), ("loop", "b"), ("a", "."), ("c", "a/c")):
        (folder / name).symlink_to(target)
    return folder


def relative(folder, pattern):
    return sorted(path.relative_to(folder).as_posix() for path in files.matches(folder, pattern))


def test_a_pattern_matches_as_glob_does(tmp_path):
    for name in ("x/y/one.csv", "x/two.csv", "three.csv", ".hidden/four.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    for pattern in ("*", "*/*", "**/*", "*.csv", "**/*.csv", "x/*", "*/y/*", "**/y/*"):
        globbed = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob(pattern))
        assert relative(tmp_path, pattern) == globbed, pattern


def test_many_links_into_one_folder_are_walked_once(tmp_path):
    (tmp_path / "one.csv").touch()
    for at in range(200):
        (tmp_path / f"link{at}").symlink_to(".")
    begin = time.process_time()

    found = relative(tmp_path, "*/*/*/*.csv")

    assert time.process_time() - begin < 2
    assert len(found) == 1


def test_a_folder_is_met_by_its_own_path_first(tmp_path):
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "one.csv").touch()
    (tmp_path / "a").symlink_to("z")

    assert relative(tmp_path, "*/*.csv") == ["z/one.csv"]


def test_a_link_in_a_circle_is_told(circles):
    said = files.outward_links(circles, "*")

    assert [one.rpartition(" is ")[2] for one in said] == [
        "a link that leads in a circle, and was not followed."
    ] * 3


@pytest.mark.parametrize("kind", READERS)
def test_links_in_a_circle_are_refused_in_words_by_every_import(circles, kind):
    with pytest.raises(ImportFileError):
        import_source(circles, kind=kind)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("device", ["pipe", "/dev/zero", "/dev/full"])
def test_what_has_no_end_is_refused_in_words_by_every_import(tmp_path, kind, device):
    source = tmp_path / "source"
    if device == "pipe":
        os.mkfifo(source)
    else:
        source.symlink_to(device)

    with pytest.raises(ImportFileError):
        import_source(source, kind=kind)


@pytest.mark.parametrize("name", ["trials.csv", "curves.csv", "space.toml"])
def test_a_pipe_in_the_place_of_a_file_is_refused(tmp_path, name):
    source = tmp_path / "source"
    source.mkdir()
    (source / "trials.csv").write_text("trial,lr\na,1\nb,2\n")
    (source / "curves.csv").write_text("trial,step,metric,value\na,1,valid/error,1\n")
    (source / name).unlink(missing_ok=True)
    os.mkfifo(source / name)

    with pytest.raises(ImportFileError, match=name):
        import_source(source)
