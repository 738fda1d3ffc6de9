"""`etude report`: the page."""

import errno
import os

import pytest


def test_report_is_one_page(played, etude_command, tmp_path):
    answer = etude_command("report", "-o", tmp_path / "page.html")

    assert answer.code == 0
    assert "Which optimizer?" in (tmp_path / "page.html").read_text()


def test_logs_are_in_the_page_only_where_they_are_asked_for(
    played, etude_command, tmp_path, monkeypatch
):
    monkeypatch.setattr("etude.round.logs.last_lines", lambda *_: ({0: "epoch 7 of 9"}, 0))

    etude_command("report", "-o", tmp_path / "page.html")
    etude_command("report", "--logs", "-o", tmp_path / "logs.html")

    assert "epoch 7 of 9" not in (tmp_path / "page.html").read_text()
    assert "epoch 7 of 9" in (tmp_path / "logs.html").read_text()


@pytest.mark.parametrize("opens", [True, False])
def test_a_report_is_opened_or_the_command_says_that_it_is_not_and_goes_on(
    played, etude_command, tmp_path, monkeypatch, opens
):
    asked = []

    def open_in_browser(address):
        asked.append(address)
        return opens

    monkeypatch.setattr("etude.cli.browser.open_in_browser", open_in_browser)

    answer = etude_command("report", "-o", tmp_path / "page.html", "--open")

    assert asked == [(tmp_path / "page.html").as_uri()]
    assert answer.code == 0
    assert ("No browser can be opened here" in answer.out) == (not opens)


def test_pictures_that_cannot_be_written_leave_no_empty_folder(
    played, etude_command, tmp_path, monkeypatch
):
    def full(path, data):
        del path, data
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("etude.report.export.write_whole", full)

    refused = etude_command("report", "rates", "--format", "svg", "-o", tmp_path / "p")

    assert refused.code == 2
    assert f"`{tmp_path / 'p'}` cannot be written" in refused.err
    assert not (tmp_path / "p").exists()
