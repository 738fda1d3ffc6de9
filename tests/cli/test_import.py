"""`etude import` as a person meets it."""

import pytest
from tests.connect.csv_folders import csv_folder

TRIALS = "trial,optimizer,learning_rate,layers,note\n" + "".join(
    f"run-{at},{'adam' if at % 2 else 'sgd'},{0.5**at},{'2' if at else ''},x\n" for at in range(12)
)
CURVES = "trial,step,metric,value\n" + "".join(
    f"run-{at},{step},valid/error,{at + 1 / step}\nrun-{at},{step},train/loss,1\n"
    for at in range(12)
    for step in (9, 19)
)


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    return csv_folder(tmp_path / "old", TRIALS, CURVES)


def test_an_import_says_what_arrived_and_which_command_comes_next(source, etude_command):
    answer = etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    assert answer.code == 0
    assert answer.out.splitlines() == [
        "Store: etude.db",
        "Imported `it` from old (csv).",
        "  12 trials: 12 completed",
        "  2 metrics, 48 points: valid/error 24, train/loss 24",
        '  nuisance: learning_rate = 0.000488 to 1 (log), optimizer = ["adam", "sgd"]',
        '  fixed: note = "x"',
        "  Bounds of `learning_rate` are only the outermost values tried: where you know the "
        "space, import with --space FILE.",
        "  `layers` stays in the settings but in no space: only 11 of 12 trials have it.",
        "",
        "Check the evidence:  etude check it",
    ]


def test_long_lists_are_cut_and_counted_and_what_is_conditional_stands_under_its_condition(
    source, etude_command
):
    names = [f"x{at}" for at in range(9)]
    rows = [
        f"run-{at},{'sgd' if at % 2 else 'adam'}," + ",".join(["" if at % 2 else str(at)] * 9)
        for at in range(12)
    ]
    (source / "trials.csv").write_text("\n".join([f"trial,optimizer,{','.join(names)}", *rows]))

    answer = etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    shown = ", ".join(f"{name} = 0 to 10" for name in names[:6])
    assert f"  nuisance where optimizer = adam: {shown} and 3 more" in answer.out.splitlines()


def test_a_name_to_rename_that_is_not_there_is_told(source, etude_command):
    answer = etude_command(
        "import", "csv", "old", "--name", "it", "--metric", "valid/error", "--rename", "lr=rate"
    )  # fmt: skip

    assert "left out: --rename lr=rate: nothing in the source has that name." in answer.out


def test_an_import_answers_a_program(source, etude_command):
    answer = etude_command(
        "import", "csv", "old", "--name", "it", "--metric", "valid/error", "--json"
    )

    assert answer.json["trials"] == 12
    assert answer.json["metrics"] == {"valid/error": 24, "train/loss": 24}
    assert answer.json["hyperparameters"]["fixed"] == {"note": '"x"'}
    assert answer.json["observed"] == ["learning_rate"]


@pytest.mark.parametrize("command", [["check"], ["report", "it"], ["next"], ["trials"], ["log"]])
def test_every_command_works_on_what_was_imported(source, etude_command, command):
    etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    answer = etude_command(*command)

    assert (answer.code, answer.err) == (0, "")
    assert answer.out


def test_trials_know_the_names_that_they_had(source, etude_command):
    etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    listed = etude_command("trials", "--json").json["trials"]
    table = etude_command("trials").out.splitlines()

    assert [one["name"] for one in listed] == [f"run-{at}" for at in range(12)]
    assert [one["seed"] for one in listed] == [None] * 12
    assert table[0].split()[:3] == ["trial", "name", "study"]
    assert table[1].split()[:2] == ["0", "run-0"]


def test_the_log_has_the_command_of_the_import(source, etude_command):
    etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    (one,) = etude_command("log", "--json").json["experiments"]

    assert one["command"] == "etude import csv old --name it --metric valid/error"
    assert (one["commit"], one["launches"][0]["ended"]) == ("", 12)


def test_names_can_be_changed_and_left_out(source, etude_command):
    answer = etude_command(
        "import", "csv", "old", "--name", "it", "--metric", "valid/error",
        "--rename", "valid/error=valid/top1", "--rename", "learning_rate=lr",
        "--ignore", "train/loss", "--ignore", "layers", "--json",
    )  # fmt: skip

    assert answer.json["metric"] == "valid/top1"
    assert answer.json["metrics"] == {"valid/top1": 24}
    assert answer.json["hyperparameters"]["nuisance"].keys() == {"lr", "optimizer"}
    assert answer.json["apart"] == {}


def test_an_import_cannot_be_run_and_says_what_can(source, etude_command, tmp_path):
    etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")
    (tmp_path / "it.toml").write_text(
        '[experiment]\nmetric = "m"\nmax_steps = 1\ntrials = 1\nsearch = "imported"\n'
    )

    answers = [etude_command(word, "it.toml") for word in ("run", "plan")]

    assert [answer.code for answer in answers] == [2, 2]
    assert "nothing can be trained from here. `etude next it`" in answers[0].err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "../../x"], "names a folder too"),
        (["--name", ".."], "names a folder too"),
        (["--study", "one"], "Leave --study out."),
        (["--rename", "valid/error"], "--rename takes OLD=NEW"),
        (["--metric", "valid/eror"], "Did you mean `valid/error`?"),
        (["--space", "none.toml"], "There is no file `none.toml`"),
        (["--store", "memory"], "A store in memory is forgotten"),
    ],
)
def test_wrong_input_is_told(source, etude_command, tmp_path, words, said):
    given = {"--name": "it", "--metric": "valid/error"}
    given.update([words])
    answer = etude_command(
        "import", "csv", "old", *[word for pair in given.items() for word in pair]
    )

    assert answer.code == 2
    assert said in answer.err
    assert {path.name for path in tmp_path.iterdir()} <= {"old", "etude.db"}


def test_a_kind_without_a_reader_is_told(source, etude_command):
    answer = etude_command("import", "smac", "old", "--name", "it", "--metric", "valid/error")

    assert answer.code == 2
    assert "There is no reader for `smac`" in answer.err


@pytest.mark.parametrize(
    ("kind", "place", "said"),
    [
        ("csv", "nowhere", "There is no `nowhere`."),
        ("optuna", "old/trials.csv", "It looks like `csv`: etude import csv."),
        ("optuna", "old", "It looks like `csv`: etude import csv."),
        ("raytune", "old", "It looks like `csv`: etude import csv."),
        ("tensorboard", "old/trials.csv", "is no event file of TensorBoard."),
    ],
)
def test_a_source_of_another_kind_is_told_without_a_traceback(
    source, etude_command, kind, place, said
):
    answer = etude_command("import", kind, place, "--name", "it", "--metric", "valid/error")

    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_file_that_cannot_be_read_is_told(source, etude_command, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", "old/curves.csv")

    monkeypatch.setattr("etude.connect.csv.read", refuse)

    answer = etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    assert answer.code == 2
    assert answer.err == "`old/curves.csv` cannot be read (Permission denied).\n"


def test_an_import_that_is_typed_again_says_that_all_is_there(source, etude_command):
    words = ("import", "csv", "old", "--name", "it", "--metric", "valid/error")
    etude_command(*words)

    answer = etude_command(*words)

    assert (answer.code, answer.err) == (0, "")
    assert "`it` has these results of old (csv) already; nothing was written." in answer.out


def test_a_second_import_of_a_name_with_other_results_is_refused(source, etude_command):
    words = ("import", "csv", "old", "--name", "it", "--metric", "valid/error")
    etude_command(*words)

    answer = etude_command(*words, "--maximize")

    assert answer.code == 2
    assert "`it` is in this store already, and it is judged by another metric" in answer.err


def test_checks_that_want_the_same_are_read_once(source, etude_command):
    (source / "curves.csv").write_text(
        "trial,step,metric,value\n" + "".join(f"run-{at},9,valid/error,{at}\n" for at in range(12))
    )
    etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    told = etude_command("check").out

    assert told.count("too few values for") == 1
    assert len(told.splitlines()) <= 30


def test_a_name_to_ignore_that_is_not_there_is_told(source, etude_command):
    answer = etude_command(
        "import", "csv", "old", "--name", "it", "--metric", "valid/error",
        "--ignore", "nota", "--ignore", "train/loss",
    )  # fmt: skip

    assert "left out: --ignore nota: nothing in the source has that name. Did you mean `note`?" in (
        answer.out
    )
    assert answer.out.count("--ignore") == 1


RATES = "trial,learning_rate,submission\n" + "".join(
    f"run-{at},{'' if at < 2 else 0.5**at},{at % 3}\n" for at in range(12)
)


def test_what_most_trials_have_and_no_check_sees_is_a_warning(source, etude_command):
    (source / "trials.csv").write_text(RATES)

    answer = etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    assert "WARNING: no check sees `learning_rate` (10 of 12 trials have it)" in answer.out
    assert answer.out.count("`learning_rate`") == 1


def test_the_way_out_of_that_warning_works(source, etude_command):
    head, *lines = RATES.splitlines()
    (source / "trials.csv").write_text(
        f"{head},tuned\n" + "".join(f"{one},{',,' not in one}\n".lower() for one in lines)
    )

    answer = etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    assert "WARNING" not in answer.out
    assert "  nuisance where tuned = true: learning_rate = " in answer.out


@pytest.mark.parametrize("end", ["running", "failed"])
def test_a_trial_that_has_neither_setting_nor_value_yet_damages_no_store(
    tmp_path, monkeypatch, etude_command, end
):
    monkeypatch.chdir(tmp_path)
    whole = "".join(f"{at},{0.5**at},completed\n" for at in range(4))
    curves = "trial,step,metric,value\n" + "".join(
        f"{at},9,valid/error,0.{at}\n" for at in range(4)
    )
    csv_folder(tmp_path / "old", f"trial,learning_rate,status\n{whole}4,,{end}\n", curves)
    etude_command("import", "csv", "old", "--name", "it", "--metric", "valid/error")

    answers = [etude_command(one, "it") for one in ("trials", "check", "next")]

    assert [(one.code, one.err) for one in answers] == [(0, "")] * 3
