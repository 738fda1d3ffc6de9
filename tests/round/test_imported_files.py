"""Which files a program imports, by its statements and theirs."""

from etude.round.imported_files import imported_files


def test_what_is_imported_is_followed_and_nothing_else(tmp_path):
    files = {
        "train.py": "import helper, numpy\n",
        "helper.py": "from package import part\n",
        "package/__init__.py": "",
        "package/part.py": "from . import other\nimport helper\n",
        "package/other.py": "",
        "alone.py": "import helper\n",
    }
    (tmp_path / "package").mkdir()
    [(tmp_path / name).write_text(text) for name, text in files.items()]

    found = imported_files([tmp_path / "train.py"], [tmp_path])

    names = {path.relative_to(tmp_path.resolve()).as_posix() for path in found}
    assert names == files.keys() - {"alone.py"}


def test_a_file_that_is_missing_or_no_program_imports_nothing(tmp_path):
    (tmp_path / "broken.py").write_bytes(b"import (\xff")

    assert imported_files([tmp_path / "none.py", tmp_path], []) == set()
    assert imported_files([tmp_path / "broken.py"], []) == {(tmp_path / "broken.py").resolve()}
