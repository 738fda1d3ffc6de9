"""Judged by another metric that was recorded, and values on test data shown when asked for."""

import pytest

TRAIN = """
def train(trial):
    rate = trial["learning_rate"]
    assert trial["optimizer"] and trial["batch_size"]
    for step in trial.steps():
        if trial.evaluates(step):
            values = {"valid/loss": 1 - rate, "valid/accuracy": 1 - rate, "test/error": 0.7 + rate}
            trial.report(step, values)
"""
BY_ACCURACY = ("--metric", "valid/accuracy", "--maximize")
LOOKS = "etude.db.test-looks.toml"


@pytest.fixture
def tested(folder, etude_command):
    """A round that recorded a loss, an accuracy and values on test data."""
    (folder / "train.py").write_text(TRAIN)
    assert "test/" not in etude_command("run", "rates.toml", "--runner", "inline").out
    return folder


@pytest.mark.parametrize("command", ["check", "trials", "next"])
def test_the_json_says_which_metric_judges(tested, etude_command, command):
    told = etude_command(command, "--json", *BY_ACCURACY).json

    assert (told["metric"], told["maximize"]) == ("valid/accuracy", True)


@pytest.mark.parametrize("command", ["check", "trials", "report"])
def test_a_person_reads_that_nothing_was_trained_again(tested, etude_command, command):
    first = etude_command(command, *BY_ACCURACY).out.splitlines()[0]

    assert first == (
        "Judged by `valid/accuracy` (higher is better), run by `valid/loss`. "
        "Nothing was trained again."
    )


def test_another_metric_has_another_best_trial(tested, etude_command):
    by_loss = etude_command("trials").out.splitlines()[1].split()
    by_accuracy = etude_command("trials", *BY_ACCURACY).out.splitlines()[2].split()

    assert by_loss[0] != by_accuracy[0]
    assert float(by_accuracy[3]) > 0.99


def test_commands_to_type_next_keep_the_metric(tested, etude_command):
    told = etude_command("check", *BY_ACCURACY).out

    assert "etude next rates --metric valid/accuracy --maximize" in told


def test_the_next_file_has_the_metric_and_another_name(tested, etude_command):
    etude_command("next", *BY_ACCURACY, "-o", "coming.toml")

    text = (tested / "coming.toml").read_text()
    assert 'metric = "valid/accuracy"' in text
    assert "maximize = true" in text
    assert 'name = "rates-2"' in text


def test_two_trials_are_compared_by_another_metric(tested, etude_command):
    told = etude_command("compare", "rates:0", "rates:3", "--json", *BY_ACCURACY).json

    assert told["metric"] == "valid/accuracy"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--metric", "valid/acuracy"), "Did you mean `valid/accuracy`? Recorded: `test/error`"),
        (("--maximize",), "--maximize says in which direction --metric is better."),
    ],
)
def test_a_metric_that_is_none_is_refused_with_the_way_out(tested, etude_command, words, said):
    answer = etude_command("check", *words)

    assert answer.code == 2
    assert said in answer.err


@pytest.mark.rule("X3")
@pytest.mark.parametrize("command", ["trials", "check", "next", "log"])
def test_no_command_prints_a_test_value_unasked(tested, etude_command, command):
    told = etude_command(command).out + etude_command(command, "--json").out

    assert '"test"' not in told
    assert not (tested / LOOKS).exists()


def test_test_values_that_are_not_shown_are_named(tested, etude_command):
    assert "`test/error`. --test shows them." in etude_command("trials").out
    assert "`test/error`. --test shows them." in etude_command("report").out


def test_test_values_stand_in_table_json_and_csv_where_asked_for(tested, etude_command):
    header = etude_command("trials", "--test").out.splitlines()[0]
    trial = etude_command("trials", "--test", "--json").json["trials"][0]
    columns = etude_command("trials", "--test", "--csv", "-").out.splitlines()[0].split(",")

    assert "test/error" in header
    assert trial["test"]["test/error"] == pytest.approx(0.7 + trial["setting"]["learning_rate"])
    assert columns[-1] == "test/error"


@pytest.mark.parametrize(
    "words", [("trials", "--test"), ("report", "--test"), ("check", "--metric", "test/error")]
)
def test_a_look_at_test_data_is_kept_and_shown_by_log(tested, etude_command, words):
    etude_command(*words)

    (line,) = [one for one in etude_command("log").out.splitlines() if "test data" in one]
    assert line.endswith(f"for rates (X3): etude {' '.join(words)}")
    assert len(etude_command("log", "--json").json["looks"]) == 1


def test_a_round_that_is_judged_by_test_data_is_told_and_trained(folder, etude_command):
    text = (folder / "rates.toml").read_text()
    (folder / "rates.toml").write_text(text.replace("valid/loss", "test/error"))
    (folder / "train.py").write_text(TRAIN)

    planned = etude_command("plan", "rates.toml")
    run = etude_command("run", "rates.toml", "--runner", "inline")

    assert (planned.code, run.code) == (0, 0)
    assert all(
        "X3 test_data: Trials are judged by `test/error`" in one.out for one in (planned, run)
    )
    assert "test/error" in etude_command("trials").out.splitlines()[0]
    assert etude_command("check", "--strict").code == 1


def test_of_an_import_the_renaming_is_told(folder, etude_command):
    source = folder / "old"
    source.mkdir()
    (source / "trials.csv").write_text("trial,lr\na,0.1\nb,0.01\n")
    (source / "curves.csv").write_text(
        "trial,step,metric,value\na,9,test_loss,0.3\nb,9,test_loss,0.2\n"
    )

    told = etude_command("import", "csv", "old", "--name", "old", "--metric", "test_loss")

    assert told.code == 0
    assert "--rename test_loss=valid/loss" in told.out


def test_a_comparison_within_an_experiment_is_one_look(tested, etude_command):
    etude_command("compare", "rates:0", "rates:1", "--metric", "test/error")

    assert (tested / LOOKS).read_text().count("[[look]]") == 1
