"""Places: what is put there is there for the next process, and readable by who reads the store."""

import stat
from contextlib import closing

from etude.store.tracker_places import Place, Places

PLACE = Place(points=3, digest="a", mark="m", time_ms=5, until=4, until_digest="b", state="s")


def test_a_place_is_as_it_was_put_for_the_next_process(tmp_path):
    with closing(Places(tmp_path / "tracking" / "x.db", tmp_path / "etude.db")) as places:
        places.put(7, Place())
        places.put(7, PLACE)

    with closing(Places(tmp_path / "tracking" / "x.db", tmp_path / "etude.db")) as places:
        assert places.all() == {7: PLACE}


def test_the_file_has_the_rights_of_the_store(tmp_path):
    store = tmp_path / "etude.db"
    store.touch(0o640)
    store.chmod(0o640)

    Places(tmp_path / "tracking" / "x.db", store).close()

    assert stat.S_IMODE((tmp_path / "tracking" / "x.db").stat().st_mode) == 0o640
