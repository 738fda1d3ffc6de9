from dataclasses import replace

import pytest
from tests.factories import minimal

from etude.errors import ExperimentError
from etude.experiment import changes
from etude.experiment.toml.read import loads
from etude.experiment.toml.write import dumps
from etude.experiment.validation.configurations import listed_domain
from etude.space import Choice, Integer, Real

RATE = Real(1e-4, 1.0, log=True)
ROWS = [{"rate": 0.1, "act": "relu"}, {"rate": 0.3, "act": "gelu"}]
HEAD = '[experiment]\nmetric = "valid/error"\nmax_steps = 10\n'


def unbudgeted(**given):
    return minimal(**{"trials": 0, **given})


def refused(**given):
    with pytest.raises(ExperimentError) as refusal:
        unbudgeted(**({"trials": 8} | given))
    return [(one.where, one.message) for one in refusal.value.mistakes]


def refused_text(text):
    with pytest.raises(ExperimentError) as refusal:
        loads(HEAD + text, file="layers.toml")
    return [(one.line, one.message) for one in refusal.value.mistakes]


# --- merged studies


def test_a_scientific_range_may_be_merged():
    merged = unbudgeted(trials=8, studies="merged", scientific={"decay": RATE, "depth": [1, 2]})

    assert merged.scientific == {"decay": RATE, "depth": Choice([1, 2])}
    assert loads(dumps(merged)) == merged


def test_a_scientific_range_that_is_split_is_refused_with_both_ways_out():
    [(where, message)] = refused(scientific={"decay": RATE})

    assert where == "scientific.decay"
    assert "one study for each (R13)" in message
    assert 'studies = "merged" in [experiment] to sample the range (R14)' in message


@pytest.mark.rule("R14")
@pytest.mark.parametrize("role", ["nuisance", "fixed", "scientific"])
def test_a_condition_in_a_merged_study_is_refused_with_the_way_out(role):
    value = {"scientific": [1, 2], "nuisance": RATE, "fixed": 3}[role]
    conditional = {"when": {"optimizer": {"adam": {"beta1": value}}}}
    optimizer = {"optimizer": ["sgd", "adam"]}
    given = {role: conditional, "scientific": optimizer}
    if_scientific = {**optimizer, **(conditional if role == "scientific" else {})}

    [(where, message)] = refused(studies="merged", **{**given, "scientific": if_scientific})

    assert where == f"{role}.when.optimizer.adam"
    assert "`beta1` exists only where `optimizer` is `adam`" in message
    assert "(R14)" in message
    assert 'studies = "split"' in message


def test_the_refusal_of_a_condition_names_its_line():
    text = (
        'trials = 8\nstudies = "merged"\n[scientific]\noptimizer = ["sgd", "adam"]\n\n'
        "[nuisance.when.optimizer.adam]\nbeta1 = { low = 0.7, high = 0.99 }\n"
    )

    [(line, _)] = refused_text(text)

    assert line == 9


def test_one_condition_is_one_mistake():
    table = {"when": {"depth": {1: {"a": RATE, "b": RATE}}}}

    assert len(refused(studies="merged", scientific={"depth": [1, 2]}, nuisance=table)) == 1


def test_fewer_trials_than_scientific_values_are_refused():
    [(where, message)] = refused(
        studies="merged", scientific={"depth": [1, 2, 3], "width": [1, 2, 3]}
    )

    assert where == "experiment.trials"
    assert "trials = 9" in message


def test_an_unknown_way_of_making_studies_is_refused():
    [(where, message)] = refused(studies="merge")

    assert where == "experiment.studies"
    assert "Did you mean `merged`?" in message


# --- configurations


def test_configurations_bring_their_search_and_their_trials():
    listed = unbudgeted(configurations=ROWS)

    assert (listed.search, listed.trials) == ("listed", 2)
    assert listed.configurations == tuple(ROWS)


def test_configurations_survive_the_file():
    listed = unbudgeted(scientific={"depth": [1, 2]}, configurations=ROWS)

    assert loads(dumps(listed)) == listed


def test_a_file_lists_them_as_tables():
    text = "[[configurations]]\nrate = 0.1\n\n[[configurations]]\nrate = 0.3\n"

    assert loads(HEAD + text).configurations == ({"rate": 0.1}, {"rate": 0.3})


@pytest.mark.parametrize(
    ("given", "where", "sentence"),
    [
        ({"configurations": 3}, "configurations", "Write [[configurations]] above each"),
        ({"configurations": {"rate": 1}}, "configurations", "Write [[configurations]]"),
        ({"configurations": [3]}, "configurations.0", "needs a table of values, found 3"),
        ({"configurations": [{}]}, "configurations.0", "needs a table of values"),
        ({"configurations": [{"a": 1}, {"b": 1}]}, "configurations.1", "here `a` is missing"),
        (
            {"configurations": [{"a": 1}, {"a": 1, "b": 1}]},
            "configurations.1",
            "here `b` is new",
        ),
        ({"configurations": [{"when": 1}]}, "configurations.0.when", "other than `when`"),
        ({"configurations": [{"a": RATE}]}, "configurations.0.a", "a range belongs in [nuisance]"),
        ({"configurations": [{"a": float("nan")}]}, "configurations.0.a", "finite number"),
        ({"configurations": [{"a": "1"}, {"a": 1}]}, "configurations.0.a", "got `1` twice"),
        ({"configurations": ROWS, "nuisance": {"x": RATE}}, "nuisance", "nothing to search (R12)"),
        ({"configurations": ROWS, "trials": 5}, "experiment.trials", "Leave `trials` out"),
        ({"configurations": ROWS, "studies": "merged"}, "experiment.studies", "(R14)"),
        ({"configurations": ROWS, "fixed": {"rate": 1}}, "configurations.0.rate", "(R4)"),
        (
            {"configurations": ROWS, "scientific": {"act": ["relu", "gelu"]}},
            "configurations.0.act",
            "also stands at `scientific.act`",
        ),
        ({"search": "listed", "trials": 3}, "experiment.search", "[[configurations]]"),
    ],
)
def test_what_configurations_may_not_be_is_refused_where_it_stands(given, where, sentence):
    [(found, message)] = refused(**({"trials": 0} | given))

    assert found == where
    assert sentence in message


def test_a_mistake_names_the_line_of_its_own_table():
    text = "[[configurations]]\nrate = 0.1\n\n[[configurations]]\nrates = 0.3\n"

    [(line, message)] = refused_text(text)

    assert line == 7
    assert "`rate` is missing" in message


def test_a_mistake_of_a_value_names_its_line():
    text = "[[configurations]]\nrate = 0.1\n\n[[configurations]]\nrate = nan\n"

    assert [line for line, _ in refused_text(text)] == [8]


def test_trials_are_needed_where_nothing_is_listed():
    [(line, message)] = refused_text("")

    assert (line, "`trials` is required" in message) == (1, True)


def test_more_configurations_extend_a_study():
    listed = unbudgeted(configurations=ROWS)
    more = replace(listed, configurations=(*ROWS, {"rate": 1.0, "act": "relu"}), trials=3)

    assert changes(listed, more) == []
    assert changes(more, listed) == ["trials", "configurations"]


def test_another_configuration_is_another_experiment():
    listed = unbudgeted(configurations=ROWS)

    assert changes(listed, unbudgeted(configurations=ROWS[::-1])) == ["configurations"]


@pytest.mark.parametrize(
    ("values", "domain"),
    [
        ([3, 1, 2], Integer(1, 3)),
        ([1, 1000], Integer(1, 1000, log=True)),
        ([0.5, 1], Real(0.5, 1.0)),
        ([1e-4, 0.3], Real(1e-4, 0.3, log=True)),
        ([0.0, 0.3], Real(0.0, 0.3)),
        ([0.1, 0.1], Choice([0.1], ordered=True)),
        ([-1e308, 1e308], Choice([-1e308, 1e308], ordered=True)),
        ([True, False], Choice([True, False])),
        (["b", "a", "b"], Choice(["b", "a"])),
        ([1, "a"], Choice([1, "a"])),
    ],
)
def test_listed_values_span_a_domain(values, domain):
    assert listed_domain(values) == domain
