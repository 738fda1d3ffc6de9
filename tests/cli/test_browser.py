"""A browser is opened where there is a display, and the command goes on where there is none."""

import webbrowser

import pytest

from etude.cli.browser import open_in_browser

ADDRESS = "http://127.0.0.1:1/"


@pytest.fixture
def asked(monkeypatch):
    """The addresses that a browser was asked for, by a machine without a display."""
    addresses = []
    monkeypatch.setattr("sys.platform", "linux")

    def opened(address):
        addresses.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", opened)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    return addresses


def test_without_a_display_nothing_is_opened(asked):
    assert not open_in_browser(ADDRESS)
    assert asked == []


def test_with_a_display_it_is(asked, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")

    assert open_in_browser(ADDRESS)
    assert asked == [ADDRESS]


def test_a_browser_that_cannot_be_found_is_none(asked, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")

    def refuse(address):
        raise webbrowser.Error(address)

    monkeypatch.setattr(webbrowser, "open", refuse)

    assert not open_in_browser(ADDRESS)
