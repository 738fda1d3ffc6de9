"""docs/importing.md tells the truth: its example is imported and says what the page says."""

import re
from pathlib import Path

import pytest
from tests.connect.csv_folders import csv_folder

from etude.connect.csv import KNOWN_COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """The page's command, typed in a folder with the page's files."""
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    csv_folder(tmp_path / "old", *blocks("csv"), *blocks("toml"))
    (command,) = re.findall(r"`etude (import csv old .*?)` then says", PAGE)
    return command.split()


def test_the_example_says_what_the_page_says(typed, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["etude", *typed])
    import etude.cli

    with pytest.raises(SystemExit) as exit_:
        etude.cli.main()

    assert exit_.value.code in (0, None)
    assert [capsys.readouterr().out] == blocks("text")


def test_every_known_column_stands_on_the_page():
    assert [column for column in KNOWN_COLUMNS if f"`{column}`" not in PAGE] == []
