"""Answers as lines, JSON and CSV."""

import json
from pathlib import Path

import pytest

from etude.cli.output import Answer, plain, show


def broken():
    pytest.fail("What nobody asked for is computed.")


def test_json_is_plain():
    value = plain({"a": float("nan"), "b": (1, [float("inf")])})

    assert json.dumps(value) == '{"a": null, "b": [1, [null]]}'


@pytest.mark.parametrize(
    ("given", "options", "printed"),
    [
        ({"lines": lambda: ["a", "b"]}, {"json": False}, "a\nb\n"),
        ({"json": lambda: {"a": 1}}, {"json": True}, '{\n  "a": 1\n}\n'),
        ({"csv": lambda: "a\n1\n"}, {"json": False, "csv": Path("-")}, "a\n1\n"),
        ({"json": dict}, {"json": True, "csv": Path("-")}, "{}\n"),
    ],
)
def test_an_answer_is_computed_in_the_one_form_that_is_asked_for(capsys, given, options, printed):
    answer = Answer(**{"lines": broken, "json": broken, "csv": broken, **given})

    show(answer, **options)

    assert capsys.readouterr().out == printed


def test_a_table_that_goes_to_a_file_is_counted(capsys, tmp_path):
    answer = Answer(lines=broken, json=broken, csv=lambda: "a\n1\n", rows="1 trial")

    show(answer, json=False, csv=tmp_path / "trials.csv")

    assert (tmp_path / "trials.csv").read_text() == "a\n1\n"
    assert capsys.readouterr().out == f"Wrote 1 trial to {tmp_path / 'trials.csv'}\n"
