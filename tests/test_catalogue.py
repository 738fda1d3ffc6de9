import math
import tomllib
from importlib.resources import files

import pytest

from etude.catalogue import limits
from etude.space import Choice, Integer, Real

ENTRIES = tomllib.loads(files("etude").joinpath("catalogue.toml").read_text(encoding="utf-8"))
INF = math.inf


@pytest.mark.parametrize(
    ("name", "domain", "expected"),
    [
        ("learning_rate", Real(1e-4, 1.0, log=True), (0.0, INF)),
        ("lr", Real(0.1, 1.0), (0.0, INF)),
        ("momentum", Real(0.5, 0.9), (0.0, 1.0)),
        ("beta2", Real(0.9, 0.999, scale="one_minus_log"), (0.0, 1.0)),
        ("dropout_rate", Real(0.1, 0.5), (0.0, 1.0)),
        ("batch_size", Integer(16, 512, log=True), (1.0, INF)),
        ("warmup_steps", Integer(10, 500), (0.0, INF)),
    ],
)
def test_a_known_name_has_its_natural_limits(name, domain, expected):
    assert limits(name, domain) == expected


@pytest.mark.parametrize("name", ["Dropout", "DROPOUT-RATE", "decoder.dropout", "head/drop_rate"])
def test_a_name_is_known_in_its_usual_spellings(name):
    assert limits(name, Real(0.1, 0.5)) == (0.0, 1.0)


@pytest.mark.parametrize(
    "name",
    [
        "attn_dropout",
        "hidden_dropout_prob",
        "dropout_1",
        "dropout2",
        "drop_path",
        "model.ema_decay",
        "mixup_prob",
        "top_p",
        "batch_norm_momentum",
        "adam_beta_2",
    ],
)
def test_a_word_of_the_name_says_that_its_values_are_shares(name):
    assert limits(name, Real(0.1, 0.9)) == (0.0, 1.0)


@pytest.mark.parametrize("name", ["head_learning_rate", "lr_decay", "decay", "growth_rate"])
def test_an_ambiguous_word_is_no_limit(name):
    assert limits(name, Real(0.1, 0.9)) == (-INF, INF)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (Real(0.1, 10.0, log=True), (0.0, INF)),
        (Integer(2, 64, log=True), (1.0, INF)),
        (Real(0.5, 0.99, scale="one_minus_log"), (0.0, 1.0)),
        (Real(-2.0, 0.99, scale="one_minus_log"), (-INF, 1.0)),
        (Real(0.0, 5.0), (0.0, INF)),
        (Real(0.2, 1.0), (-INF, 1.0)),
        (Real(0.0, 1.0), (0.0, 1.0)),
        (Real(-1.0, 1.0), (-INF, INF)),
        (Integer(0, 8), (0.0, INF)),
        (Integer(2, 8), (-INF, INF)),
        (Choice([0, 1]), (-INF, INF)),
    ],
)
def test_an_unknown_name_is_limited_by_its_scale(domain, expected):
    assert limits("gizmo", domain) == expected


def test_a_known_name_limits_a_linear_bound_by_what_is_known_alone():
    assert limits("weight_decay", Real(0.1, 1.0)) == (0.0, INF)


def test_a_domain_beyond_the_limits_of_its_name_means_something_else():
    assert limits("dropout", Real(5.0, 50.0)) == (-INF, INF)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_names_its_source(name):
    assert len(ENTRIES[name]["source"]) > 10


def test_no_name_stands_for_two_entries():
    names = [known for name, entry in ENTRIES.items() for known in (name, *entry["aliases"])]

    assert len(names) == len(set(names))
