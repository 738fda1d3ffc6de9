"""`etude check`: why not yet, what was found in a line each, all of it, and the exit code."""

import pytest

from etude.cli.check import line_shares
from etude.round.result import load

STATUSES = {"ok", "notice", "problem", "unclear"}


def test_check_as_json(played, etude_command):
    answer = etude_command("check", "--json")

    assert answer.code == 0
    assert answer.json["experiment"] == "rates"
    assert {one["status"] for one in answer.json["findings"]} <= STATUSES
    assert all(
        one.keys()
        == {
            "rule",
            "check",
            "status",
            "subject",
            "headline",
            "message",
            "evidence",
            "advice",
            "acknowledged",
        }
        for one in answer.json["findings"]
    )


def test_check_as_json_has_the_verdict(played, etude_command):
    verdict = etude_command("check", "--json").json["verdict"]

    result = load("etude.db")
    expected = result.verdict
    assert verdict == {
        "status": expected.status,
        "winner": expected.winner,
        "headline": result.ending().line,
        "message": expected.message,
        "doubts": list(expected.doubts),
        "failed_checks": [
            {"check": one.check, "rule": one.rule, "subject": dict(one.subject)}
            for one in expected.blocking
        ],
    }


def test_check_says_that_chance_is_not_declared(played, etude_command):
    said = etude_command("check").out

    assert said.count(", `chance` not declared (S11); in full") == 1


def test_check_says_the_verdict_first_and_every_reason(played, etude_command):
    lines = etude_command("check").out.splitlines()

    ending = load("etude.db").ending()
    assert lines[0] == f"{ending.word}  {ending.line}"
    assert lines[1].split()[:2] == ["study", "valid/loss"]
    assert "Why not yet:" in lines
    assert any(line.startswith(f"  {ending.reasons[0].text}") for line in lines)


def test_check_is_read_at_one_glance(played, etude_command):
    lines = etude_command("check").out.splitlines()

    assert len(lines) <= 30
    assert any(line.startswith("In order: ") for line in lines)
    assert any("etude check rates --all" in line for line in lines)
    assert any(line.startswith("Next") for line in lines)


def test_all_of_it_has_every_finding_with_its_advice_problems_first(played, etude_command):
    answer = etude_command("check", "--all")

    verdict = load("etude.db").verdict
    assert answer.out.startswith("problem C1 boundary: ")
    assert verdict.message in answer.out
    assert all(caveat.detail[1:] in answer.out for caveat in verdict.caveats)
    assert "Not checked by this version, look for yourself: " in answer.out


@pytest.mark.parametrize(
    ("wanted", "room", "shares"),
    [([1, 2], 9, [1, 2]), ([8, 5, 2, 9], 17, [5, 5, 2, 4]), ([3, 3], 1, [1, 1])],
)
def test_sections_share_the_room_and_each_has_a_line(wanted, room, shares):
    assert line_shares(wanted, room) == shares


def test_strict_exits_1_where_there_is_a_problem(played, etude_command):
    assert etude_command("check").code == 0
    assert etude_command("check", "--strict").code == 1
    assert etude_command("check", "--strict", "--json").code == 1


def test_strict_exits_0_where_there_is_none(folder, etude_command):
    (folder / "train.py").write_text(
        "def train(trial): return abs(dict(trial)['learning_rate'] - 0.02)\n"
    )
    etude_command("run", "rates.toml", "--runner", "inline")

    assert etude_command("check", "--strict").code == 0
