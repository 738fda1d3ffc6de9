"""The commands that look at what there is."""

import csv
import io
import json
import subprocess

import pytest
from tests.cli.conftest import EXPERIMENT
from tests.runner import loops
from tests.search.world import experiment as an_experiment

import etude
from etude.round.result import load

STATUSES = {"ok", "notice", "problem", "unclear"}


def test_trials_as_json(played, etude_command):
    answer = etude_command("trials", "--json")

    first, *_ = trials = answer.json["trials"]
    assert [one["id"] for one in trials] == list(range(40))
    assert first.keys() == {
        "id",
        "name",
        "study",
        "setting",
        "status",
        "reason",
        "detail",
        "log",
        "seed",
        "best",
        "steps",
    }
    assert first["setting"].keys() == {"batch_size", "learning_rate", "optimizer"}
    assert first["best"]["step"] == 7
    assert (first["name"], first["status"], first["steps"]) == ("0", "completed", 8)


def test_trials_as_a_table_have_the_best_first(played, etude_command):
    header, first, *_ = etude_command("trials").out.splitlines()

    best = min(
        etude_command("trials", "--json").json["trials"], key=lambda one: one["best"]["value"]
    )
    assert header.split() == ["trial", "study", "status", "valid/loss", "step", "searched"]
    assert first.split()[0] == str(best["id"])


def test_trials_as_csv(played, etude_command, tmp_path):
    answer = etude_command("trials", "--csv", tmp_path / "trials.csv")

    rows = list(csv.DictReader(io.StringIO((tmp_path / "trials.csv").read_text())))
    assert answer.out == f"Wrote 40 trials to {tmp_path / 'trials.csv'}\n"
    assert len(rows) == 40
    assert float(rows[0]["learning_rate"]) > 0


SPEAKS = """
def train(trial):
    if trial.id == 3:
        print("I am lost")
        raise ValueError("no width")
    if trial.id == 4:
        return float("nan")
    return trial["learning_rate"]
"""


@pytest.fixture
def half_broken(folder, etude_command):
    """A working directory in which trials 3 and 4 of an experiment are infeasible."""
    (folder / "train.py").write_text(SPEAKS)
    etude_command("run", "rates.toml", "--runner", "inline")
    return folder


def test_trials_say_why_they_are_infeasible_and_where_their_log_is(half_broken, etude_command):
    log = half_broken / "etude.db.trials" / "rates" / "3" / "log.txt"

    fine, _, _, broken, silent, *_ = etude_command("trials", "--json").json["trials"]
    rows = list(csv.DictReader(io.StringIO(etude_command("trials", "--csv", "-").out)))

    assert (fine["detail"], fine["log"]) == ("", None)
    assert "ValueError: no width" in broken["detail"]
    assert broken["log"] == str(log)
    assert "is nan at step" in silent["detail"]
    assert [rows[3][key] for key in ("detail", "log")] == [broken["detail"], str(log)]
    assert rows[4]["log"] == ""


def test_the_table_says_where_to_look(half_broken, etude_command):
    note = etude_command("trials").out.splitlines()[-1]

    assert note == (
        "Why 2 trials are infeasible: `detail` in --json. What trial 3 printed: "
        f"{half_broken / 'etude.db.trials' / 'rates' / '3' / 'log.txt'}"
    )


def test_a_hyperparameter_called_like_a_column_of_csv_keeps_out_of_its_way(folder, etude_command):
    (folder / "rates.toml").write_text(EXPERIMENT.replace("batch_size", "detail"))
    etude_command("run", "rates.toml", "--runner", "inline")

    row, *_ = csv.DictReader(io.StringIO(etude_command("trials", "--csv", "-").out))

    assert (row["detail"], row["setting.detail"]) == ("", "64")


def test_csv_goes_to_the_screen_too(played, etude_command):
    answer = etude_command("trials", "--csv", "-")

    assert len(list(csv.DictReader(io.StringIO(answer.out)))) == 40


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


def test_plan_as_json(folder, etude_command):
    answer = etude_command("plan", "rates.toml", "--json")

    adam, sgd = answer.json["studies"]
    assert adam.keys() == {"name", "scientific", "trials"}
    assert (adam["name"], adam["scientific"]) == ("optimizer=adam", {"optimizer": "adam"})
    assert [one["id"] for one in sgd["trials"]] == list(range(20, 40))
    assert sgd["trials"][0]["setting"].keys() == {"batch_size", "learning_rate", "optimizer"}
    assert isinstance(answer.json["findings"], list)


def test_plan_says_what_it_would_cost(folder, etude_command):
    answer = etude_command("plan", "rates.toml")

    assert "Which optimizer?" in answer.out
    assert "40 trials in 2 studies, 8 steps each, 320 in all." in answer.out
    assert "lower is better" in answer.out


def test_counts_are_in_the_right_number(folder, etude_command):
    text = (folder / "rates.toml").read_text().replace("trials = 20", "trials = 1")
    (folder / "rates.toml").write_text(
        text.replace('["adam", "sgd"]', "").replace("optimizer =", "")
    )
    (folder / "train.py").write_text("def train(trial): return 0.5\n")

    planned = etude_command("plan", "rates.toml")
    etude_command("run", "rates.toml", "--runner", "inline")

    assert "1 trial in 1 study, 8 steps each, 8 in all." in planned.out
    assert etude_command("trials", "--csv", "t.csv").out == "Wrote 1 trial to t.csv\n"
    assert etude_command("log", "--csv", "l.csv").out == "Wrote 1 experiment to l.csv\n"


def test_plan_is_what_was_run(played, etude_command):
    planned = etude_command("plan", "rates.toml", "--json").json["studies"]
    ran = etude_command("trials", "--json").json["trials"]

    assert [one for study in planned for one in study["trials"]] == [
        {"id": one["id"], "setting": one["setting"]} for one in ran
    ]


def test_log_as_json(played, etude_command):
    (one,) = etude_command("log", "--json").json["experiments"]

    assert one.keys() >= {
        "name",
        "config",
        "notes",
        "trials",
        "best",
        "command",
        "uncommitted",
        "studies",
    }
    assert (one["name"], one["trials"], one["question"]) == ("rates", 40, "Which optimizer?")
    assert one["studies"] == [
        {"name": "optimizer=adam", "trials": 20},
        {"name": "optimizer=sgd", "trials": 20},
    ]


def versioned(folder):
    """Puts the folder under version control."""
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    for words in (("init", "-q"), ("add", "."), (*author, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *words], cwd=folder, check=True)


def test_a_finished_run_typed_again_hides_nothing_of_the_record(folder, etude_command):
    versioned(folder)
    clean = (folder / "train.py").read_text()
    (folder / "train.py").write_text(f"# changed\n{clean}")
    etude_command("run", "rates.toml", "--runner", "inline")
    (folder / "train.py").write_text(clean)
    etude_command("run", "rates.toml", "--runner", "inline", "--workers", "1")

    (one,) = etude_command("log", "--json").json["experiments"]
    text = etude_command("log").out

    assert "+# changed\n" in one["uncommitted"]
    assert one["command"] == "etude run rates.toml --runner inline"
    assert [launch["ended"] for launch in one["launches"]] == [40, 0]
    assert [launch["uncommitted"] == "" for launch in one["launches"]] == [False, True]
    assert one["launches"][0].keys() == {
        *("command", "folder", "started", "commit", "uncommitted", "versions", "ended")
    }
    assert " + 1 changed or new file\n" in text
    assert f"  40 trials ended, {one['commit'][:12]} + 1 changed or new file: etude run" in text
    assert f"  0 trials ended, {one['commit'][:12]}: etude run" in text


def test_the_record_is_that_of_the_last_launch_that_trained(folder, etude_command):
    etude_command("run", "rates.toml", "--runner", "inline")
    text = (folder / "rates.toml").read_text()
    (folder / "rates.toml").write_text(text.replace("trials = 20", "trials = 22"))
    etude_command("run", "rates.toml", "--runner", "inline", "--workers", "1")
    etude_command("run", "rates.toml", "--runner", "inline")

    (one,) = etude_command("log", "--json").json["experiments"]

    assert one["command"] == "etude run rates.toml --runner inline --workers 1"
    assert [launch["ended"] for launch in one["launches"]] == [40, 4, 0]


def test_log_as_text_and_csv(played, etude_command, tmp_path):
    assert etude_command("log").out.startswith("rates  20")

    etude_command("log", "--csv", tmp_path / "log.csv")

    (row,) = csv.DictReader(io.StringIO((tmp_path / "log.csv").read_text()))
    counts = [row[key] for key in ("name", "trials", "studies", "launches")]
    assert counts == ["rates", "40", "2", "1"]


def test_an_infeasible_trial_is_null_in_json_and_last_in_the_table(folder, etude_command):
    (folder / "train.py").write_text(
        "def train(trial):\n    return float('nan') if trial.id == 3 else trial['learning_rate']\n"
    )
    etude_command("run", "rates.toml", "--runner", "inline")

    one = etude_command("trials", "--json").json["trials"][3]
    assert (one["status"], one["reason"]) == ("infeasible", "nan")
    assert one["best"] == {"value": None, "step": None}
    assert etude_command("trials").out.splitlines()[-3].split()[0] == "3"


def test_report_is_one_page(played, etude_command, tmp_path):
    answer = etude_command("report", "-o", tmp_path / "page.html")

    assert answer.code == 0
    assert "Which optimizer?" in (tmp_path / "page.html").read_text()


def test_next_writes_a_round_that_can_be_planned(played, etude_command, tmp_path):
    answer = etude_command("next", "-o", tmp_path / "next.toml")

    text = (tmp_path / "next.toml").read_text()
    assert answer.code == 0
    assert 'name = "rates-2"' in text
    assert 'parent = "rates"' in text
    assert "my own words" in text
    assert etude_command("plan", tmp_path / "next.toml").code == 0


def test_the_schedule_of_a_population_is_written_without_an_empty_goal(etude_command, tmp_path):
    population = an_experiment(schedule="pbt", trials=4)
    store, file = tmp_path / "etude.db", tmp_path / "again.toml"
    etude.run(population, loops.train, store=store)

    answer = etude_command("next", "--replay", "--store", store, "-o", file)

    assert answer.out.splitlines() == [
        f"Next round: {file}",
        f"Read it, edit it, run it: etude run {file} --store {store}",
    ]


def test_a_plan_says_that_bayesian_search_chooses_by_results(folder, etude_command):
    text = (folder / "rates.toml").read_text()
    (folder / "rates.toml").write_text(
        text.replace("evaluations", 'search = "bayesian"\nevaluations')
    )

    assert "`bayesian` chooses by results" in etude_command("plan", "rates.toml").out


def test_next_as_json_says_what_it_changes_and_which_file_it_wrote(played, etude_command, tmp_path):
    place = tmp_path / "next.toml"

    answer = etude_command("next", "--json", "-o", place).json

    assert (answer["name"], answer["file"], answer["left_to_you"]) == ("rates-2", str(place), [])
    assert place.is_file()
    assert answer["recommendations"]
    assert all(
        one.keys() == {"path", "part", "old", "new", "rule", "because"}
        for one in answer["recommendations"]
    )


SETTLED = (
    "def train(trial): return abs(trial['learning_rate'] - 0.02) + (trial['optimizer'] == 'sgd')"
)


def test_where_no_next_round_is_to_write_a_run_says_what_is_left(folder, etude_command):
    (folder / "train.py").write_text(SETTLED)

    ran = etude_command("run", "rates.toml", "--runner", "inline")
    left = load("etude.db").left_to_you
    answer = etude_command("next", "--json").json

    assert (answer["name"], answer["file"], answer["goal"]) == (None, None, None)
    assert (answer["recommendations"], answer["waiting"]) == ([], [])
    assert answer["left_to_you"] == left
    assert "etude next" not in ran.out
    assert ran.out.endswith(
        "\n".join(["No next round to write:", *(f"  {one}" for one in left), ""])
    )


def test_next_goes_beside_the_file_before(folder, etude_command):
    etude_command("run", "rates.toml", "--runner", "inline")

    answer = etude_command("next")

    assert answer.out.startswith("Next round: rates-2.toml\n")
    assert (folder / "rates-2.toml").is_file()


def test_next_never_overwrites_an_edited_file(played, etude_command, tmp_path):
    place = tmp_path / "next.toml"
    etude_command("next", "-o", place)
    again = etude_command("next", "-o", place)
    place.write_text(f"{place.read_text()}\n# mine\n")

    refused = etude_command("next", "-o", place)

    assert "(as written before)" in again.out
    assert refused.code == 2
    assert "nothing was written" in refused.err
    assert place.read_text().endswith("# mine\n")


READERS = [("check",), ("report",), ("next",), ("trials",), ("log",)]


@pytest.mark.parametrize("command", READERS)
def test_a_missing_store_is_told_with_the_way_out(tmp_path, monkeypatch, etude_command, command):
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)

    answer = etude_command(*command)

    assert (answer.code, answer.out) == (2, "")
    assert "There is no store at `etude.db`. Run an experiment first" in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", READERS[:-1])
def test_an_unknown_experiment_gets_did_you_mean(played, etude_command, command):
    answer = etude_command(*command, "rate")

    assert answer.code == 2
    assert answer.err == "There is no experiment `rate` in this store. Did you mean `rates`?\n"


@pytest.mark.parametrize(
    "command",
    [
        ("trials", "--csv"),
        ("log", "--csv"),
        ("report", "-o"),
        ("report", "--format", "svg", "-o"),
        ("next", "-o"),
    ],
)
def test_a_file_that_cannot_be_written_is_told(played, etude_command, tmp_path, command):
    (tmp_path / "file").touch()

    answer = etude_command(*command, tmp_path / "file" / "in" / "it")

    assert answer.code == 2
    assert "cannot be written" in answer.err


@pytest.mark.parametrize(
    "command", [("report", "--format", "pdf"), ("check", "--jsno"), ("chekc",), ("plan",)]
)
def test_a_slip_in_a_command_exits_2(played, etude_command, command):
    assert etude_command(*command).code == 2


def test_help_and_version_say_so(etude_command):
    assert etude_command("--version").out.startswith("etude ")
    assert all(
        command in etude_command("--help").out
        for command in ("new", "plan", "run", "check", "report", "next", "trials", "log")
    )


def test_new_writes_a_first_experiment(tmp_path, etude_command):
    answer = etude_command("new", tmp_path / "first")

    assert answer.code == 0
    assert {each.name for each in (tmp_path / "first").iterdir()} == {"experiment.toml", "train.py"}
    assert etude_command("plan", tmp_path / "first" / "experiment.toml").code == 0


@pytest.mark.parametrize("name", ["experiment.toml", "train.py"])
def test_new_overwrites_nothing(tmp_path, etude_command, name):
    (tmp_path / name).write_text("mine")

    answer = etude_command("new", tmp_path)

    assert answer.code == 2
    assert f"has a file `{name}` already. Nothing was written" in answer.err
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(name, "mine")]


def test_new_in_a_place_that_cannot_be_written_is_told(tmp_path, etude_command):
    (tmp_path / "file").touch()

    answer = etude_command("new", tmp_path / "file" / "first")

    assert answer.code == 2
    assert "cannot be written" in answer.err


def test_a_plan_of_a_changed_file_is_refused(played, etude_command, tmp_path):
    changed = tmp_path / "rates.toml"
    changed.write_text(
        (played / "rates.toml").read_text().replace("max_steps = 8", "max_steps = 9")
    )

    answer = etude_command("plan", changed)

    assert answer.code == 2
    assert "with another `max_steps`" in answer.err


def test_every_mistake_of_a_file_is_told_with_its_line(folder, etude_command):
    text = (folder / "rates.toml").read_text()
    (folder / "rates.toml").write_text(
        text.replace("high = 0.5", "high = 1e-4").replace("trials", "trails")
    )

    answer = etude_command("run", "rates.toml")

    assert (answer.code, answer.out) == (2, "Store: etude.db\n")
    assert answer.err.startswith("2 mistakes:\n")
    assert all(f"rates.toml:{line}: " in answer.err for line in (7, 15))
    assert not (folder / "etude.db").exists()


def test_json_is_plain():
    from etude.cli.output import plain

    assert json.dumps(plain({"a": float("nan"), "b": (1, [float("inf")])})) == (
        '{"a": null, "b": [1, [null]]}'
    )
