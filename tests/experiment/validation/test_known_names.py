from __future__ import annotations

import pytest

from etude.errors import ExperimentError
from etude.experiment import Experiment, changes, toml
from etude.experiment.change import Change
from etude.experiment.toml.edit import Edit, edited
from etude.space import Real


def experiment(**names):
    return Experiment(
        metric="nll", max_steps=9, trials=3, nuisance={"alpha": Real(0.1, 1.0)}, names=names
    )


def mistakes(**names):
    with pytest.raises(ExperimentError) as caught:
        experiment(**names)
    return {one.where: one.message for one in caught.value.mistakes}


def test_names_stand_in_a_table_of_their_own_and_come_back():
    written = toml.dumps(experiment(alpha="learning_rate", nll="valid/loss"))

    assert '[names]\nalpha = "learning_rate"\nnll = "valid/loss"\n' in written
    assert toml.loads(written) == experiment(alpha="learning_rate", nll="valid/loss")


def test_every_mistake_is_told_at_once():
    told = mistakes(alhpa="learning_rate", alpha="lerning_rate", a="train/loss", b="train/loss")

    assert "Did you mean `alpha`?" in told["names.alhpa"]
    assert "Did you mean `learning_rate`?" in told["names.alpha"]
    assert told["names.b"] == "`train/loss` is `a` already. Keep one of the two."
    assert len(told) == 3


def test_an_alias_is_told_with_the_name_that_is_meant():
    assert mistakes(alpha="lr")["names.alpha"].endswith("Write `learning_rate`.")
    assert mistakes(nll="val_loss")["names.nll"].endswith("Write `valid/loss`.")


def test_a_number_is_no_name():
    assert "both texts, found 3" in mistakes(alpha=3)["names.alpha"]


def test_names_need_a_table():
    with pytest.raises(ExperimentError, match=r"names: needs a table, found 'lr'"):
        toml.loads('names = "lr"\n' + toml.dumps(experiment()))


def test_the_name_of_a_source_may_stand_beside_the_known_one():
    renamed = Experiment(
        metric="m",
        max_steps=9,
        trials=3,
        nuisance={"learning_rate": Real(0.1, 1.0)},
        names={"alpha": "learning_rate"},
    )

    assert renamed.names == {"alpha": "learning_rate"}


def test_an_empty_text_says_that_it_is_none_of_those_known():
    assert experiment(alpha="").names == {"alpha": ""}


def test_names_may_change_under_the_same_name():
    assert changes(experiment(), experiment(alpha="learning_rate")) == []


def test_an_edit_writes_a_name():
    change = Change(("names", "alpha"), "", "learning_rate")
    text = edited(toml.dumps(experiment()), [Edit(change)])

    assert toml.loads(text) == experiment(alpha="learning_rate")
