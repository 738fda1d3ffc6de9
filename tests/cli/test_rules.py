"""The rules that speak of a design, as the commands tell them."""

from __future__ import annotations

import pytest

from .conftest import EXPERIMENT

# The batch size is searched and judged by the validation loss (S3, a problem).
SEARCHED = EXPERIMENT.replace("[fixed]\nbatch_size = 64", "batch_size = [16, 64]").replace(
    "trials = 20", "trials = 4"
)
ACKNOWLEDGED = SEARCHED.replace("[scientific]", 'acknowledge = ["S3"]\n\n[scientific]')
MISTAKEN = ACKNOWLEDGED.replace('"S3"', '"S1"')
FLAT = "def train(trial):\n    return 0.5 if dict(trial) else 1.0\n"


@pytest.fixture
def typed(folder, etude_command):
    """Types a command for an experiment of this text."""

    def command(text, *words):
        (folder / "rates.toml").write_text(text)
        (folder / "train.py").write_text(FLAT)
        return etude_command(*words)

    return command


def of_rule(answer, rule):
    return [one for one in answer.json["findings"] if one["rule"] == rule]


def test_a_plan_says_what_is_wrong_and_what_to_do(typed):
    answer = typed(SEARCHED, "plan", "rates.toml")

    assert answer.code == 0
    assert "\nproblem S3 roles: `batch_size` (`[16, 64]`) is nuisance" in answer.out
    assert "move it to [fixed]" in answer.out


def test_a_plan_as_json_has_the_rules_beside_the_caveats(typed):
    answer = typed(
        EXPERIMENT.replace("learning_rate", "learning_rte"), "plan", "rates.toml", "--json"
    )

    checks = [one["check"] for one in answer.json["findings"]]
    assert checks == ["unnamed", "unnamed", "names", "fixed_caveats"]
    assert not any(one["acknowledged"] for one in answer.json["findings"])


def test_a_run_tells_problems_before_it_trains_and_trains_all_the_same(typed):
    answer = typed(SEARCHED, "run", "rates.toml", "--runner", "inline")

    assert answer.code == 0
    assert answer.out.index("problem S3 roles: ") < answer.out.index("8 trials, one at a time.")
    assert "\nUNCLEAR  " in answer.out
    named = [line for line in answer.out.splitlines() if line.startswith("  `batch_size` ")]
    assert [line for line in named if line.endswith("S3")] == named[:1]


def test_an_acknowledged_problem_is_a_caveat_everywhere(typed, etude_command, tmp_path):
    ran = typed(ACKNOWLEDGED, "run", "rates.toml", "--runner", "inline")
    checked, whole = etude_command("check"), etude_command("check", "--all")
    (one,) = of_rule(etude_command("check", "--json"), "S3")
    etude_command("report", "-o", tmp_path / "page.html")

    assert "problem S3" not in ran.out
    assert "  Acknowledged: `batch_size`" in checked.out
    assert "notice S3 roles (acknowledged): `batch_size`" in whole.out
    assert (one["status"], one["acknowledged"]) == ("notice", True)
    assert "Acknowledged by the author of the experiment." in (tmp_path / "page.html").read_text()


def test_a_problem_may_be_acknowledged_after_the_run(typed):
    typed(SEARCHED, "run", "rates.toml", "--runner", "inline")

    before = typed(SEARCHED, "check", "--strict")
    typed(ACKNOWLEDGED, "run", "rates.toml", "--runner", "inline")
    after = typed(ACKNOWLEDGED, "check", "--strict")

    assert (before.code, after.code) == (1, 0)


def test_a_rule_that_does_not_speak_of_designs_is_refused(typed):
    answer = typed(MISTAKEN, "plan", "rates.toml")

    assert answer.code == 2
    assert "names rules that speak of a design, found 'S1'." in answer.err
    assert "rates.toml:11: " in answer.err
