"""From a run to a baseline, to a launch, as a person types it."""

from __future__ import annotations

import pytest

from etude.experiment.baseline import read

from .conftest import BETTER, FIRST, SEEDED_TRAIN


def test_the_first_adoption_writes_the_baseline(project):
    last = read(project / "baseline.toml").last

    assert (last.experiment, last.trial, last.trainings) == ("first", 0, 1)
    assert last.setting == {"dropout": 0.0, "learning_rate": 0.3}


@pytest.mark.rule("R1", "A2")
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


def test_settings_of_other_names_are_trained_again_one_after_the_other(project, etude_command):
    other = BETTER.replace('"better"', '"other"').replace("[fixed]", "[fixed]\nclip = 1.0")
    (project / "other.toml").write_text(other)
    etude_command("run", "other.toml", "--runner", "inline")
    files: list[str] = []
    said = etude_command("adopt", "other", "--json").json
    while (file := said["retrain"]) and len(files) < 5:
        files.append(file)
        etude_command("run", file, "--runner", "inline")
        said = etude_command("adopt", "other", "--json").json

    assert files == ["other-retrain.toml", "other-retrain-baseline.toml"]
    assert (said["adopted"], said["setting"]["clip"]) == (True, 1.0)


def test_a_retraining_takes_no_value_from_the_baseline(project, etude_command):
    heir = BETTER.replace('"better"', '"heir"\nbaseline = "baseline.toml"')
    heir = heir.replace("[fixed]\ndropout = 0.0\n", "")
    (project / "heir.toml").write_text(heir)
    etude_command("run", "heir.toml", "--runner", "inline")

    file = etude_command("adopt", "heir", "--json").json["retrain"]

    assert "baseline" not in (project / file).read_text().replace("the baseline", "")


def test_names_of_what_is_gone_keep_nobody_from_training_again(searched, etude_command):
    text = (searched / "searched.toml").read_text().replace('"searched"', '"named"')
    text = text.replace(
        "[nuisance]",
        '[names]\nb1 = "beta1"\n\n[scientific]\noptimizer = ["sgd", "adam"]\n\n'
        "[nuisance]\nwhen.optimizer.adam.b1 = { low = 0.8, high = 0.9 }",
    )
    (searched / "named.toml").write_text(text)
    assert etude_command("run", "named.toml", "--runner", "inline").code == 0
    rows = etude_command("trials", "named", "--json").json["trials"]
    plain = next(one for one in rows if one["setting"]["optimizer"] == "sgd")

    said = etude_command("adopt", f"named:{plain['id']}", "--json")

    assert said.code == 0
    assert etude_command("plan", said.json["retrain"]).code == 0


def test_a_command_to_type_again_names_the_baseline_that_was_named(searched, etude_command):
    said = etude_command("adopt", "searched", "--as-is", "--baseline", "prod.toml")

    assert "--baseline prod.toml" in said.out.partition("etude adopt searched:")[2]


def test_a_baseline_of_another_length_is_no_match(project, etude_command):
    text = BETTER.replace('"better"', '"long"').replace("max_steps = 4", "max_steps = 8")
    (project / "long.toml").write_text(text)
    etude_command("run", "long.toml", "--runner", "inline")

    said = etude_command("adopt", "long")

    assert said.code == 2
    assert "etude launch --max-steps 8" in said.err


# --- the first baseline

SEARCHED = (
    FIRST.replace('"first"', '"searched"')
    .replace(
        "[[configurations]]\nlearning_rate = 0.3",
        "[nuisance]\nlearning_rate = { low = 0.2, high = 0.9 }",
    )
    .replace("evaluations = 2", "evaluations = 2\ntrials = 12")
)


@pytest.fixture
def searched(folder, etude_command):
    """A search that has run, whose best lies at a bound; nothing is adopted yet."""
    (folder / "train.py").write_text(SEEDED_TRAIN)
    (folder / "searched.toml").write_text(SEARCHED)
    assert etude_command("run", "searched.toml", "--runner", "inline").code == 0
    return folder


def test_a_first_baseline_is_a_starting_point_and_what_tells_its_worth_is_told(
    searched, etude_command
):
    said = etude_command("adopt", "searched")

    last = read(searched / "baseline.toml").last
    assert said.code == 0
    assert "is the baseline now, as a starting point: baseline.toml" in said.out
    assert "5 trainings" in said.out
    assert "etude run searched-retrain.toml" in said.out
    assert (last.starting_point, last.trainings) == (True, 1)
    planned = etude_command("plan", "searched-retrain.toml", "--json").json
    assert len(planned["studies"][0]["trials"]) == 5


def test_its_retrainings_are_adopted_by_either_name(searched, etude_command):
    etude_command("adopt", "searched")
    etude_command("run", "searched-retrain.toml", "--runner", "inline")

    said = etude_command("adopt", "searched", "--json").json

    last = read(searched / "baseline.toml").last
    assert (said["adopted"], said["starting_point"]) == (True, False)
    assert (last.experiment, last.trainings, last.starting_point) == ("searched-retrain", 5, False)


def test_failed_checks_are_named_with_what_is_adopted(searched, etude_command):
    etude_command("adopt", "searched")
    etude_command("run", "searched-retrain.toml", "--runner", "inline")

    said = etude_command("adopt", "searched-retrain")

    assert "1 failed check of `searched`: `learning_rate` still improves at its lower" in said.out
    assert "failed check" in read(searched / "baseline.toml").last.evidence


def test_as_is_it_is_a_starting_point_in_file_print_and_log(searched, etude_command):
    said = etude_command("adopt", "searched", "--as-is")

    last = read(searched / "baseline.toml").last
    assert "is the baseline now, as a starting point: baseline.toml" in said.out
    assert (last.starting_point, last.trainings) == (True, 1)
    assert last.evidence.startswith("A starting point. Trained once")
    assert "(1 training, a starting point)" in etude_command("log").out


def test_a_starting_point_that_was_retrained_is_adopted_for_good(searched, etude_command):
    etude_command("adopt", "searched", "--as-is")
    again = etude_command("adopt", "searched")
    etude_command("run", "searched-retrain.toml", "--runner", "inline")

    etude_command("adopt", "searched")

    line = read(searched / "baseline.toml").line
    assert "stays a starting point: 5 trainings" in again.out
    assert "--as-is" not in again.out
    assert [one.starting_point for one in line] == [True, False]


def test_as_is_is_refused_where_there_is_a_baseline(project, etude_command):
    said = etude_command("adopt", "better", "--as-is")

    assert said.code == 2
    assert "--anyway REASON" in said.err


def test_the_baseline_itself_is_not_adopted_again(searched, etude_command):
    etude_command("adopt", "searched")
    etude_command("run", "searched-retrain.toml", "--runner", "inline")
    etude_command("adopt", "searched")

    said = etude_command("adopt", "searched-retrain")

    assert said.code == 1
    assert "This setting is the baseline already" in said.out


@pytest.mark.parametrize(("broken", "code", "said"), [(1, 1, "1 of 5"), (5, 1, "All 5")])
def test_a_setting_whose_retrainings_fail_is_not_adopted(
    searched, etude_command, broken, code, said
):
    etude_command("adopt", "searched")
    text = SEEDED_TRAIN.replace(
        "for step in trial.steps()",
        f"if trial.max_steps > 2 and trial.id < {broken}:\n"
        "        trial.report(0, {'valid/loss': float('nan')})\n"
        "        return\n"
        "    for step in trial.steps()",
    )
    (searched / "train.py").write_text(text)
    etude_command("run", "searched-retrain.toml", "--runner", "inline")

    answer = etude_command("adopt", "searched-retrain")

    assert answer.code == code
    assert f"{said} trainings failed" in answer.out
    assert [one.starting_point for one in read(searched / "baseline.toml").line] == [True]


def test_what_has_no_value_is_never_adopted(folder, etude_command):
    text = "def train(trial):\n    trial.report(0, {'valid/loss': float('nan')})\n"
    (folder / "train.py").write_text(text)
    (folder / "searched.toml").write_text(SEARCHED)
    etude_command("run", "searched.toml", "--runner", "inline")

    said = etude_command("adopt", "searched", "--anyway", "I like it.")

    assert said.code == 2
    assert "has a value, so there is nothing to adopt" in said.err


def test_a_trial_by_name_is_retrained_itself(searched, etude_command):
    trials = etude_command("trials", "searched", "--json").json["trials"]
    worst = max(trials, key=lambda one: one["best"]["value"])

    said = etude_command("adopt", f"searched:{worst['id']}", "--json").json

    assert said["setting"] == worst["setting"]
    text = (searched / said["retrain"]).read_text()
    assert f"learning_rate = {worst['setting']['learning_rate']}" in text


def test_of_two_settings_that_were_retrained_the_better_mean_is_adopted(folder, etude_command):
    two = "".join(f"\n[[configurations]]\nlearning_rate = {one}\n" for one in [0.3, 0.2] * 5)
    (folder / "train.py").write_text(SEEDED_TRAIN)
    (folder / "two.toml").write_text(FIRST.split("[[configurations]]")[0] + two)
    etude_command("run", "two.toml", "--runner", "inline")

    said = etude_command("adopt", "first", "--json").json

    assert (said["adopted"], said["setting"]["learning_rate"]) == (True, 0.2)


def test_where_higher_is_better_the_highest_is_retrained(folder, etude_command):
    (folder / "train.py").write_text(SEEDED_TRAIN.replace("value = abs(", "value = 1 - abs("))
    text = SEARCHED.replace("max_steps", "maximize = true\nmax_steps")
    (folder / "searched.toml").write_text(text)
    etude_command("run", "searched.toml", "--runner", "inline")
    trials = etude_command("trials", "searched", "--json").json["trials"]

    said = etude_command("adopt", "searched", "--json").json

    best = max(trials, key=lambda one: one["best"]["value"])
    assert said["setting"] == best["setting"]


def test_what_another_tool_trained_asks_for_a_train_function(folder, etude_command):
    source = folder / "runs"
    source.mkdir()
    rows = "\n".join(f"{k},{0.1 + 0.05 * k}" for k in range(8))
    (source / "trials.csv").write_text(f"trial,learning_rate\n{rows}\n")
    values = "\n".join(
        f"{k},{step},valid/loss,{0.3 + 0.01 * k}" for k in range(8) for step in (0, 1)
    )
    (source / "curves.csv").write_text(f"trial,step,metric,value\n{values}\n")
    etude_command("import", "csv", source, "--name", "theirs", "--metric", "valid/loss")

    said = etude_command("adopt", "theirs")

    assert said.code == 0
    assert "Name your train function in it, then train it with 5 other seeds" in said.out
    assert read(folder / "baseline.toml").last.starting_point


COMPARED = SEARCHED.replace('"searched"', '"compared"').replace(
    "[fixed]\ndropout = 0.0", "[scientific]\ndropout = [0.0, 0.5]"
)


def test_after_a_comparison_what_five_trainings_find_best_is_adopted(folder, etude_command):
    (folder / "train.py").write_text(SEEDED_TRAIN)
    (folder / "compared.toml").write_text(COMPARED)
    etude_command("run", "compared.toml", "--runner", "inline")
    etude_command("next", "compared", "--seeds", "5")
    etude_command("run", "compared-seeds.toml", "--runner", "inline")

    said = etude_command("adopt", "compared", "--json").json

    assert said["adopted"]
    assert said["setting"]["dropout"] == 0.0
    assert read(folder / "baseline.toml").last.experiment == "compared-seeds"


def test_an_open_verdict_is_named(folder, etude_command):
    (folder / "train.py").write_text(SEEDED_TRAIN)
    (folder / "compared.toml").write_text(COMPARED.replace("0.5]", "0.001]"))
    etude_command("run", "compared.toml", "--runner", "inline")

    said = etude_command("adopt", "compared")

    assert "The verdict of `compared` is open: " in said.out
