"""From a run to a baseline, to a launch, as a person types it."""

from __future__ import annotations

from etude.experiment.baseline import read

from .conftest import BETTER


def test_the_first_adoption_writes_the_baseline(project):
    last = read(project / "baseline.toml").last

    assert (last.experiment, last.trial, last.trainings) == ("first", 0, 1)
    assert last.setting == {"dropout": 0.0, "learning_rate": 0.3}


def test_what_was_trained_once_is_not_adopted_but_trained_again(project, etude_command):
    said = etude_command("adopt", "better")

    assert said.code == 0
    assert said.out.startswith("\nNOT ADOPTED  `better:0` does not become the baseline\n")
    assert "etude run better-retrain.toml" in said.out
    assert len(read(project / "baseline.toml").line) == 1


def test_what_is_better_in_retrainings_is_adopted(project, etude_command):
    etude_command("adopt", "better")
    etude_command("run", "better-retrain.toml", "--runner", "inline")

    said = etude_command("adopt", "better-retrain", "--json").json

    assert (said["adopted"], said["setting"]["learning_rate"]) == (True, 0.1)
    assert [one.experiment for one in read(project / "baseline.toml").line] == [
        "first",
        "better-retrain",
    ]


def test_settings_are_told_by_the_names_that_can_be_typed(project, etude_command):
    once = etude_command("adopt", "better").out
    etude_command("run", "better-retrain.toml", "--runner", "inline")
    etude_command("adopt", "better-retrain")

    assert "`better:0`, `first:0` were trained once" in once
    evidence = read(project / "baseline.toml").last.evidence
    assert evidence.startswith("`better-retrain:1` is better than `better-retrain:0`")
    assert etude_command("compare", "better-retrain:0", "better-retrain:1").code == 0


def test_what_a_change_adds_is_logged_once(project, etude_command):
    etude_command("adopt", "better")
    etude_command("run", "better-retrain.toml", "--runner", "inline")
    etude_command("adopt", "better-retrain")

    assert etude_command("log").out.count("It adds nothing") == 2  # once for each of two


def test_a_person_may_adopt_anyway_and_the_reason_is_kept(project, etude_command):
    etude_command("adopt", "better", "--anyway", "The first one is too slow.")

    evidence = read(project / "baseline.toml").last.evidence

    assert evidence.startswith("Adopted anyway: The first one is too slow.")


def test_the_log_shows_the_line(project, etude_command):
    said = etude_command("log", "--json").json

    assert [one["trial"] for one in said["line"]] == [0]
    assert "adopted 20" in etude_command("log").out


def test_an_experiment_inherits_from_the_baseline(project, etude_command):
    text = BETTER.replace('"better"', '"heir"\nbaseline = "baseline.toml"')
    (project / "heir.toml").write_text(text.replace("[fixed]\ndropout = 0.0\n", ""))

    ran = etude_command("run", "heir.toml", "--runner", "inline")

    assert ran.code == 0
    assert etude_command("trials", "heir", "--json").json["trials"][0]["setting"]["dropout"] == 0.0


def test_pruning_writes_a_file_that_a_plan_takes(project, etude_command):
    other = BETTER.replace('"better"', '"two"').replace("dropout = 0.0", "dropout = 0.01")
    (project / "two.toml").write_text(other)
    etude_command("run", "two.toml", "--runner", "inline")

    said = etude_command("adopt", "two", "--prune", "--json").json
    planned = etude_command("plan", said["retrain"], "--json").json

    assert len(planned["studies"][0]["trials"]) == 20


def test_a_baseline_of_another_length_is_no_match(project, etude_command):
    text = BETTER.replace('"better"', '"long"').replace("max_steps = 4", "max_steps = 8")
    (project / "long.toml").write_text(text)
    etude_command("run", "long.toml", "--runner", "inline")

    said = etude_command("adopt", "long")

    assert said.code == 2
    assert "etude launch --max-steps 8" in said.err
