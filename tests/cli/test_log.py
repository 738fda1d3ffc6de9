"""`etude log`: experiments with their launches and code."""

import csv
import io
import subprocess

import pytest


def versioned(folder):
    """Puts the folder under version control."""
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    for words in (("init", "-q"), ("add", "."), (*author, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *words], cwd=folder, check=True)


@pytest.mark.rule("K3")
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
    assert [(study["name"], study["trials"]) for study in one["studies"]] == [
        ("optimizer=adam", 20),
        ("optimizer=sgd", 20),
    ]


@pytest.mark.rule("W10")
def test_log_says_what_was_spent_by_experiment_and_study(played, etude_command):
    (one,) = etude_command("log", "--json").json["experiments"]
    text = etude_command("log").out

    assert (one["spent"]["steps"], one["spent"]["saved_steps"]) == (320, 0)
    assert one["spent"]["worker_hours"] > 0
    assert one["spent"]["core_hours"] is None
    assert one["spent"]["unknown"] == "[resources] says no `cpus`"
    assert [study["spent"]["steps"] for study in one["studies"]] == [160, 160]
    assert "  spent: 320 steps trained, core hours unknown ([resources] says no `cpus`)\n" in text
    assert "    optimizer=adam: 160 steps trained, core hours unknown\n" in text


def test_log_as_text_and_csv(played, etude_command, tmp_path):
    assert etude_command("log").out.startswith("rates  20")

    etude_command("log", "--csv", tmp_path / "log.csv")

    (row,) = csv.DictReader(io.StringIO((tmp_path / "log.csv").read_text()))
    counts = [row[key] for key in ("name", "trials", "studies", "launches")]
    assert counts == ["rates", "40", "2", "1"]
    assert (row["steps"], row["saved_steps"], row["core_hours"]) == ("320", "0", "")


def test_a_finished_run_typed_again_hides_nothing_of_the_record(folder, etude_command):
    versioned(folder)
    clean = (folder / "train.py").read_text()
    (folder / "train.py").write_text(f"# changed\n{clean}")
    etude_command("run", "rates.toml", "--runner", "inline")
    (folder / "train.py").write_text(clean)
    etude_command("run", "rates.toml", "--runner", "inline")  # no launch: there is nothing to do
    etude_command("run", "rates.toml", "--runner", "inline", "--accept-code")

    (one,) = etude_command("log", "--json").json["experiments"]
    text = etude_command("log").out

    assert "+# changed\n" in one["uncommitted"]
    assert one["command"] == "etude run rates.toml --runner inline"
    assert [launch["ended"] for launch in one["launches"]] == [40, 0]
    assert [launch["uncommitted"] == "" for launch in one["launches"]] == [False, True]
    assert one["launches"][0].keys() == {
        *("command", "folder", "started", "commit", "uncommitted", "versions", "ended"),
        *("launch", "trained", "code", "files", "accepts_code"),
        *("code_at_start", "files_at_start"),
    }
    assert one["launches"][1]["code_at_start"] == one["launches"][0]["code"][0]
    assert text.count(f"(code {one['launches'][0]['code'][0]})") == 2
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
    assert [launch["ended"] for launch in one["launches"]] == [40, 4]


def test_a_launch_has_the_masked_text_of_its_code(folder, etude_command):
    code = (folder / "train.py").read_text()
    (folder / "train.py").write_text(f'API_KEY = "abcdefgh1234"\n{code}')
    etude_command("run", "rates.toml", "--runner", "inline", "--workers", "1")

    (one,) = etude_command("log", "--json").json["experiments"]

    kept = one["texts"][one["launches"][0]["files"]["train.py"]]
    assert kept == f'API_KEY = "***"\n{code}'
    assert "train.py" not in etude_command("log", "--csv", "-").out
