"""The space that a person wrote beside the trials of another tool."""

import pytest
from tests.connect.csv_folders import csv_folder, import_result

from etude.errors import ExperimentError, ImportFileError
from etude.space import Choice, Real

TRIALS = (
    "trial,optimizer,learning_rate,beta1,note\na,adam,0.1,0.9,x\nb,sgd,0.2,,y\nc,adam,0.3,0.8,z\n"
)
CURVES = "trial,step,metric,value\na,9,valid/error,0.5\nb,9,valid/error,0.25\nc,9,valid/error,1\n"
SPACE = """\
# my own words
[scientific]
optimizer = ["adam", "sgd"]
[nuisance]
learning_rate = { low = 1e-3, high = 1.0, log = true }
[nuisance.when.optimizer.adam]
beta1 = { low = 0.7, high = 0.99 }
[fixed]
batch_size = 64
"""


@pytest.fixture
def written(tmp_path):
    def build(space):
        return csv_folder(tmp_path / "source", TRIALS, CURVES, space)

    return build


def test_a_space_beside_the_trials_is_the_experiments(written):
    result = import_result(written(SPACE))

    assert [study.name for study in result.studies] == ["optimizer=adam", "optimizer=sgd"]
    assert result.studies[0].space.domains == {
        "beta1": Real(0.7, 0.99),
        "learning_rate": Real(1e-3, 1.0, log=True),
    }
    assert result.experiment.observed == ()
    assert "# my own words" in result.entry.text


def test_what_the_space_alone_knows_stands_in_every_setting(written):
    assert import_result(written(SPACE)).records[0].setting == {
        "batch_size": 64,
        "beta1": 0.9,
        "learning_rate": 0.1,
        "note": "x",
        "optimizer": "adam",
    }


def test_a_space_named_by_the_person_goes_before_the_one_of_the_folder(written, tmp_path):
    source = written(SPACE)
    other = tmp_path / "other.toml"
    other.write_text('[nuisance]\noptimizer = ["adam", "sgd", "lion"]\n')

    assert import_result(source, space=other).studies[0].space.domains == {
        "optimizer": Choice(["adam", "sgd", "lion"])
    }


def test_a_whole_experiment_file_keeps_its_question(written):
    head = '[experiment]\nmetric = "other"\nquestion = "Why?"\nmax_steps = 500\ntrials = 3\n'
    result = import_result(written(head + SPACE))

    assert (result.experiment.question, result.experiment.metric) == ("Why?", "valid/error")
    assert result.experiment.search == "imported"


def test_trials_outside_of_the_space_are_told_all_at_once(written):
    space = SPACE.replace("high = 1.0", "high = 0.15").replace("low = 0.7", "low = 0.85")

    with pytest.raises(ImportFileError) as refusal:
        import_result(written(space))

    assert str(refusal.value).splitlines() == [
        "The space does not fit the trials: `learning_rate` has values outside of what the space "
        "says (trial `b`, `c`). Amend the space.",
        "The space does not fit the trials: `beta1` has values outside of what the space says "
        "(trial `c`). Amend the space.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"adam", "sgd"]', '"adam", "lion"]', "no study of the space has `optimizer` = sgd"),
        ("beta1 =", "beta2 =", "`beta2` is missing, which the space has there"),
        ("batch_size = 64", "note = 64", "`note` has values outside"),
    ],
)
def test_what_does_not_fit_is_named(written, old, new, what):
    with pytest.raises(ImportFileError, match=what):
        import_result(written(SPACE.replace(old, new)))


@pytest.mark.parametrize(
    ("space", "line", "what"),
    [
        ("[nuisance]\nx = 3\n", 2, "needs a range"),
        ("[nuisance\n", 1, "is no TOML"),
        ("[[configurations]]\nx = 3\n", 1, "lists settings to train"),
        ("experiment = 3\n", 1, "needs a table"),
    ],
)
def test_a_mistake_of_the_space_is_told_with_its_line(written, space, line, what):
    with pytest.raises(ExperimentError, match=what) as refusal:
        import_result(written(space))

    assert refusal.value.mistakes[0].file.endswith("space.toml")
    assert refusal.value.mistakes[0].line == line


def test_a_space_that_is_not_there_is_told(written, tmp_path):
    with pytest.raises(ImportFileError, match="There is no file"):
        import_result(written(""), space=tmp_path / "none.toml")
