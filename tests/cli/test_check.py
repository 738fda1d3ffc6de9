"""`etude check`: findings, the verdict and its doubts, and the exit code."""

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
            "message",
            "evidence",
            "advice",
            "acknowledged",
        }
        for one in answer.json["findings"]
    )


def test_check_as_json_has_the_verdict(played, etude_command):
    verdict = etude_command("check", "--json").json["verdict"]

    expected = load("etude.db").verdict
    assert verdict == {
        "status": expected.status,
        "winner": expected.winner,
        "message": expected.message,
        "doubts": list(expected.doubts),
    }


def test_check_says_the_verdict_and_its_doubts(played, etude_command):
    answer = etude_command("check")

    verdict = load("etude.db").verdict
    assert f"\nVerdict ({verdict.status}): {verdict.message}\n" in answer.out
    assert all(f"  - {doubt}\n" in answer.out for doubt in verdict.doubts)


def test_check_says_problems_first(played, etude_command):
    answer = etude_command("check")

    assert answer.out.startswith("problem C1 boundary: ")


def test_strict_exits_1_where_there_is_a_problem(played, etude_command):
    assert etude_command("check").code == 0
    assert etude_command("check", "--strict").code == 1
    assert etude_command("check", "--strict", "--json").code == 1


def test_strict_exits_0_where_there_is_none(folder, etude_command):
    (folder / "train.py").write_text(
        "def train(trial): return abs(trial['learning_rate'] - 0.02)\n"
    )
    etude_command("run", "rates.toml", "--runner", "inline")

    assert etude_command("check", "--strict").code == 0
