import shutil

import pytest

from etude.disk.folder import contents, is_whole, make_lasting_folder, sync_tree


@pytest.fixture
def folder(tmp_path):
    """A checkpoint of two files, one of them deeper, with a name that is no UTF-8."""
    made = tmp_path / "7"
    (made / "shards").mkdir(parents=True)
    (made / "state.json").write_text('{"step": 7}')
    (made / "shards" / "\udcff0").write_bytes(bytes(range(256)) * 20)
    return made


def zeros(path):
    path.write_bytes(b"\0" * path.stat().st_size)


def halved(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def replaced(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("name", ["state.json", "shards/\udcff0"])
@pytest.mark.parametrize(
    "tear",
    [lambda path: path.write_bytes(b""), zeros, halved, replaced, lambda path: path.unlink()],
)
def test_a_folder_is_torn_where_one_of_its_files_is_not_as_it_was(folder, name, tear):
    listed = contents(folder)
    before = is_whole(folder, listed)

    tear(folder / name)

    assert before
    assert not is_whole(folder, listed)


def test_what_was_put_beside_its_files_does_not_matter(folder):
    listed = contents(folder)

    (folder / "state.json.lock").touch()

    assert is_whole(folder, listed)


def test_a_folder_without_a_list_is_whole_where_it_is_there(folder):
    before = is_whole(folder, "")

    shutil.rmtree(folder)

    assert before
    assert not is_whole(folder, "")


def test_links_lead_out_of_a_folder_and_are_not_listed(folder, tmp_path):
    (tmp_path / "elsewhere").write_text("a")
    listed = contents(folder)

    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    sync_tree(folder)

    assert contents(folder) == listed


def test_folders_are_made_down_to_the_last(tmp_path):
    make_lasting_folder(tmp_path / "a" / "b")
    make_lasting_folder(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").is_dir()
