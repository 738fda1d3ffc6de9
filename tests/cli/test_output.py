"""Answers as lines, JSON and CSV."""

import json
import resource
from pathlib import Path

import pytest

from etude.cli.output import Answer, plain, show, write_new_file
from etude.errors import RunError


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


@pytest.mark.parametrize("content", [b"caf\xe9", b"\xff\xfem\0"])
def test_a_file_of_another_encoding_is_somebodys_own(tmp_path, content):
    place = tmp_path / "next.toml"
    place.write_bytes(content)

    with pytest.raises(RunError, match="exists already and says something else"):
        write_new_file(place, "a = 1\n")

    assert place.read_bytes() == content


# A file, and the command that writes it.
WRITES = {
    "baseline.toml": ("adopt", "better", "--anyway", "because"),
    "r.html": ("report", "better", "-o", "r.html"),
    "t.csv": ("trials", "better", "--csv", "t.csv"),
    "l.csv": ("log", "--csv", "l.csv"),
    "better-seeds.toml": ("next", "better", "--seeds", "5"),
}


def test_on_a_full_disk_every_command_leaves_what_is_there_and_says_so(project, etude_command):
    begun = {name: (project / name).read_bytes() for name in WRITES if (project / name).exists()}
    before = sorted(path.name for path in project.iterdir())
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limit[1]))

    answers = [etude_command(*words) for words in WRITES.values()]

    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert [answer.code for answer in answers] == [2] * len(WRITES)
    assert all("cannot be written" in answer.err for answer in answers)
    assert {name: (project / name).read_bytes() for name in begun} == begun
    assert sorted(path.name for path in project.iterdir()) == before


@pytest.mark.parametrize("left", [b"", b"\0" * 512])
def test_a_rounds_file_that_a_power_cut_left_empty_is_written_again(project, etude_command, left):
    words = ("next", "better", "--seeds", "5")
    etude_command(*words)
    file = project / "better-seeds.toml"
    written = file.read_bytes()
    file.write_bytes(left)

    again = etude_command(*words)

    assert again.code == 0
    assert file.read_bytes() == written
