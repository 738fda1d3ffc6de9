"""What is refused before a round begins, and what may change."""

import pytest
from tests.factories import rates
from tests.round.rates import FILE
from tests.runner import loops

import etude
from etude.errors import EtudeError, ExperimentError, OwnedError, RunError
from etude.space import Real
from etude.store import open_store
from etude.store.memory import Memory


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ({"metric": "valid/error"}, ["metric"]),
        ({"max_steps": 9, "seed": 1}, ["max_steps", "seed"]),
        ({"nuisance": {"learning_rate": Real(0.01, 0.6)}}, ["nuisance"]),
        ({"fixed": {"batch_size": 8}, "maximize": True}, ["maximize", "fixed"]),
        ({"scientific": {"optimizer": ["a", "b"]}}, ["scientific"]),
        ({"trials": 8, "seed": 1}, ["seed"]),
    ],
)
def test_a_changed_experiment_under_the_same_name_is_refused_with_the_keys(given, keys):
    store = Memory()
    etude.run(rates(), loops.train, store=store)

    with pytest.raises(RunError) as refusal:
        etude.run(rates(**given), loops.train, store=store)

    named = ", ".join(f"`{key}`" for key in keys)
    assert f"another {named}. " in str(refusal.value)
    assert 'give it a new name, for example "rates-2"' in str(refusal.value)
    assert len(store.entries()[0].launches) == 1


def test_another_length_is_taken_where_nothing_was_trained_yet(place):
    def unready(trial):
        raise NotImplementedError("fill in `load`")

    with pytest.raises(EtudeError):
        etude.run(rates(), unready, store=place)
    longer = etude.run(rates(max_steps=9), loops.train, store=place)

    assert {one.steps for one in longer.records} == {9}
    with pytest.raises(RunError, match="another `max_steps`"):
        etude.run(rates(max_steps=10), loops.train, store=place)


def test_what_cannot_be_sampled_leaves_no_trace_in_the_store(place):
    etude.run(rates(), loops.train, store=place)
    with pytest.raises(EtudeError, match="leave almost nothing of the space"):
        etude.run(
            rates(name="never", constraints=["learning_rate > 0.4999999"]),
            loops.train,
            store=place,
        )

    entries = open_store(place).entries()

    assert [entry.experiment.name for entry in entries] == [rates().name]


def test_fewer_trials_are_refused():
    store = Memory()
    etude.run(rates(), loops.train, store=store)

    with pytest.raises(RunError, match=r"has 4 trials a study .* can only grow, found trials = 3"):
        etude.run(rates(trials=3), loops.train, store=store)


def test_a_population_that_is_to_grow_is_told_that_it_cannot():
    store = Memory()
    etude.run(rates(schedule="pbt", schedule_options={"interval": 4}), loops.train, store=store)
    more = rates(schedule="pbt", schedule_options={"interval": 4}, trials=6)

    with pytest.raises(RunError, match="a population cannot grow, found trials = 6"):
        etude.run(more, loops.train, store=store)


@pytest.mark.parametrize("given", [{"question": "?"}, {"max_trial_s": 9}, {"keep_checkpoints": 3}])
def test_what_bears_on_no_result_may_change(given):
    store = Memory()
    etude.run(rates(), loops.train, store=store)

    result = etude.run(rates(**given), loops.train, store=store)

    assert result.experiment == rates(**given)


def test_mistakes_of_a_file_come_all_at_once(file):
    file.write_text(FILE.replace("trials = 4", "trials = 0").replace("0.5", "0.001"))

    with pytest.raises(ExperimentError) as refusal:
        etude.run(file)

    assert len(refusal.value.mistakes) == 2


def test_a_second_run_is_refused_while_the_first_one_runs(place):
    store = open_store(place)

    with store.own("rates"), pytest.raises(OwnedError, match="is already run by process"):
        etude.run(rates(), loops.train, store=place)

    store.close()
