"""A report as it is served: nothing runs in it but its own scripts."""

import re
import sys
from importlib.resources import files

from etude.finding import Finding
from etude.serve import render as of_render
from etude.serve.render import COMPLETE, finding_rows, policy_hash, served

LIBRARY = "var vega;" * 20_000
PAGE = (
    "<!doctype html>\n<html><head>\n"
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">\n'
    f"</head>\n<body>{{name}}\n<main></main>\n<footer>{COMPLETE}</footer>\n"
    '<script type="application/json" id="charts">{{}}</script>\n'
    '<script type="application/json" id="trial-data">{name}</script>\n'
    f"<script>{LIBRARY}</script>\n<script>draw()</script>\n</body>\n</html>"
)


def printing(store, name):
    print("Hello")
    return {}, "vega", "<html>"


def finding(status="ok", **given):
    plain = {"rule": "C1", "check": "still_improving", "subject": {}, "message": "It is so."}
    return Finding(**{**plain, "status": status, **given})


def test_the_panel_stands_before_the_main_part_and_vega_has_an_address():
    html, library, hashes = served(PAGE.format(name=""))

    assert library == LIBRARY
    assert LIBRARY not in html
    assert re.search(r'<script src="/vega/\w{16}\.js"></script>', html)
    assert html.index('id="live"') < html.index("<main>")
    assert html.index('src="/live.js"') < html.index("<main>")
    assert "Content-Security-Policy" not in html
    assert hashes == [policy_hash("draw()")]


def test_a_script_that_stands_elsewhere_is_none_of_the_pages():
    html, _, hashes = served(PAGE.format(name="<script>alert(1)</script>"))

    assert hashes == [policy_hash("draw()")]
    assert "alert(1)" in html


def test_what_is_served_does_not_say_that_it_loads_nothing():
    html, _, _ = served(PAGE.format(name=COMPLETE))

    assert html.count(COMPLETE) == 2  # as a name, not as the footer
    assert f"{COMPLETE}</footer>" in files("etude.report").joinpath("page.html.j2").read_text()


def test_a_script_is_named_as_browsers_name_it():
    # sha256 of the empty text, as the standard of hashes has it.
    assert policy_hash("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"


def test_what_a_library_prints_is_no_part_of_a_page(monkeypatch, capsysbinary):
    monkeypatch.setattr("os.nice", int)
    monkeypatch.setattr(sys, "argv", ["render", "etude.db", "rates"])
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # put back afterwards
    monkeypatch.setattr(of_render, "render", printing)

    of_render.main()

    assert capsysbinary.readouterr() == (b"{}\nvega<html>", b"Hello\n")


def test_findings_of_single_trials_are_one_row_a_check():
    findings = [
        finding("problem", subject={"trial": 3}),
        finding("ok", subject={"trial": 4}),
        finding("ok", subject={"trial": 5}),
        finding("unclear", subject={"study": "all"}, headline="Too few trials"),
    ]

    rows = finding_rows(findings)

    assert [(one["about"], one["status"], one["headline"]) for one in rows] == [
        ("study all", "unclear", "Too few trials"),
        ("single trials", "problem", "1 problem, 2 ok"),
    ]
