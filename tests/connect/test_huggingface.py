import pytest

import etude
from etude.connect import huggingface
from etude.errors import RunError


def test_the_names_of_the_connection_are_known_before_anything_is_loaded():
    assert dir(etude.huggingface) == ["Callback", "fit"]
    with pytest.raises(AttributeError, match=r"no attribute `fits`. Known: Callback, fit"):
        etude.huggingface.fits  # noqa: B018  # it is asked for


def test_a_library_that_is_too_old_is_told_with_what_installs_it(tmp_path, monkeypatch):
    old = tmp_path / "transformers-4.57.0.dist-info"
    old.mkdir()
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: transformers\nVersion: 4.57.0\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(RunError, match=r"but `transformers` is 4\.57\.0\. Install them: `pip"):
        etude.huggingface.fit  # noqa: B018  # it is asked for


def test_a_library_that_is_missing_is_told_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(huggingface._OLDEST, "no-such-library-at-all", 1)

    with pytest.raises(RunError, match="`no-such-library-at-all` is not installed"):
        etude.huggingface.fit  # noqa: B018  # it is asked for
