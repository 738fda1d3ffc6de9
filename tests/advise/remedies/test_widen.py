from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advise import rounds
from tests.advise.contexts import changes, context_of, only, with_status
from tests.factories import experiment, record

from etude.advise.edits import applied
from etude.advise.policy import advice
from etude.advise.remedies.widen import longer_list, widen, wider_bound
from etude.design.studies import studies
from etude.space import Choice, Integer, Real


@pytest.mark.rule("C1", "R16")
def test_a_crowded_side_is_widened():
    assert changes(widen(rounds.edge(experiment()))) == [("nuisance.learning_rate", "low", 1e-5)]


def test_a_side_inside_stays():
    assert widen(rounds.dense(experiment())) == []


@pytest.mark.parametrize("status", ["notice", "unclear", "ok"])
def test_only_a_boundary_problem_widens(status):
    context = rounds.edge(experiment())
    crowded = only(context, "boundary", "C1", "problem")

    assert widen(with_status(context, crowded, status)) == []


@pytest.mark.parametrize("make", [rounds.sparse, rounds.cliff])
def test_a_problem_of_another_rule_widens_nothing(make):
    assert widen(make(experiment())) == []


def test_values_without_an_order_have_no_side():
    activation = {"activation": Choice(["relu", "gelu"])}
    context = rounds.round_of(experiment(nuisance=activation), bottom={"activation": 1.2})

    assert context.of("boundary", "C1", "ok", "notice", "problem", "unclear") == []
    assert widen(context) == []


def test_a_bound_at_its_natural_limit_stays():
    question = experiment(nuisance={"dropout": Real(0.0, 0.5)})
    context = rounds.round_of(question, bottom={"dropout": -0.2})

    assert widen(context) == []


@pytest.mark.parametrize(
    ("name", "domain", "side", "bound"),
    [
        ("learning_rate", Real(1e-4, 1e-2, log=True), "high", 0.1),
        ("learning_rate", Real(1e-4, 1e-2, log=True), "low", 1e-5),
        ("learning_rate", Real(1e-5, 0.32, log=True), "high", 3.2),
        ("learning_rate", Real(1e-8, 1e-3, log=True), "high", 0.32),
        ("gizmo", Real(1e-8, 1e-3, log=True), "high", 0.01),
        ("momentum", Real(0.0, 0.9999, scale="one_minus_log"), "high", 0.99999),
        # Zero trains nothing, and a linear range that reaches there hardly tries what lies between.
        ("learning_rate", Real(0.01, 0.1), "low", 0.001),
        ("kernel_size", Integer(2, 7), "low", 1),
        # Half of the range further out is nothing but what rounding leaves.
        ("dropout", Real(0.1, 0.3), "low", 0.0),
        ("learning_rate", Real(0.1, 0.3), "low", 0.01),
        ("b1", Real(0.8, 0.95), "high", 0.975),
        ("pdrop", Real(0.1, 0.8), "high", 0.9),
        ("dropout", Real(0.1, 0.8), "high", 0.9),
        ("attn_dropout", Real(0.1, 0.8, log=True), "high", 0.9),
        ("momentum", Real(0.5, 0.99), "high", 0.995),
        ("ema_decay", Real(0.5, 0.9), "high", 0.95),
        ("mixup_prob", Real(0.2, 0.8), "high", 1.0),
        ("top_p", Real(0.2, 0.9), "high", 1.0),
        ("dropout", Real(0.1, 0.8), "low", 0.0),
        ("momentum", Real(0.9, 0.999, scale="one_minus_log"), "high", 0.9999),
        ("momentum", Real(0.9, 0.99, scale="one_minus_log"), "low", 0.68),
        ("momentum", Real(0.1, 0.999, scale="one_minus_log"), "low", 0.0),
        ("shift", Real(-2.0, 2.0), "low", -4.0),
        ("depth", Integer(2, 10), "high", 14),
        ("width", Integer(2, 512, log=True), "low", 1),
        ("width", Integer(8, 512, log=True, limits=(4, 600)), "low", 4),
        ("width", Integer(8, 512, log=True, limits=(4, 600)), "high", 600),
        ("gizmo", Real(0.0, 1.0, limits=(-0.25, 1.2)), "low", -0.25),
        ("gizmo", Real(0.0, 1.0, limits=(-0.25, 1.2)), "high", 1.2),
        ("gizmo", Real(0.5, 0.9, scale="one_minus_log", limits=(0.4, 1)), "low", 0.4),
    ],
)
def test_a_bound_moves_half_of_the_range_outward_but_a_decade_at_most(name, domain, side, bound):
    assert wider_bound(name, domain, side) == bound


@given(
    low=st.floats(1e-6, 0.4),
    high=st.floats(0.5, 0.999),
    scale=st.sampled_from(["linear", "log", "one_minus_log"]),
)
def test_a_wider_domain_is_a_domain_and_holds_the_old_one(low, high, scale):
    domain = Real(low, high, scale=scale)

    wider = Real(wider_bound("x", domain, "low"), wider_bound("x", domain, "high"), scale=scale)

    assert wider.low <= low
    assert wider.high >= high


@pytest.mark.parametrize(
    ("name", "values", "side", "longer"),
    [
        ("learning_rate", [1e-4, 1e-3, 1e-2], "high", (1e-4, 1e-3, 1e-2, 0.1)),
        ("learning_rate", [1e-4, 1e-3, 1e-2], "low", (1e-5, 1e-4, 1e-3, 1e-2)),
        ("batch_size", [64, 16, 32], "high", (64, 16, 32, 128)),
        ("dropout", [0.0, 0.1, 0.2], "low", (0.0, 0.1, 0.2)),
        ("b1", [0.8, 0.9, 1.0 - 1e-9], "high", (0.8, 0.9, 1.0 - 1e-9)),
        ("activation", ["relu", "gelu", "silu"], "high", ("relu", "gelu", "silu")),
    ],
)
def test_a_list_of_numbers_gets_the_next_of_its_steps(name, values, side, longer):
    assert longer_list(name, Choice(values), side) == longer


def test_a_list_whose_largest_is_the_best_is_made_longer():
    question = experiment(nuisance={"width": Choice([16, 32, 64, 128])})
    context = rounds.round_of(question, bottom={"width": 1.4})

    assert changes(widen(context)) == [("nuisance.width", "values", (16, 32, 64, 128, 256))]


def test_values_that_break_do_not_come_back_with_a_longer_list():
    question = experiment(nuisance={"units": Choice([16, 32, 64, 128, 256], ordered=True)})
    (study,) = studies(question)
    values = {16: None, 32: None, 64: 0.5, 128: 0.3, 256: 0.1}
    records = [
        record(study, 6 * at + k, None if value is None else value + 0.001 * k, {"units": units})
        for at, (units, value) in enumerate(values.items())
        for k in range(6)
    ]
    context = context_of(question, records)

    edited = applied(question, advice(context).recommendations)

    assert edited.nuisance["units"].values == (64, 128, 256, 512)


def test_a_reason_is_read_by_the_headline_of_what_asks_for_it():
    context = rounds.edge(experiment())
    cause = only(context, "boundary", "C1", "problem")
    (edit,) = [edit for remedy in widen(context) for edit in remedy.edits]

    assert (edit.because, edit.brief) == (cause.message, cause.headline)
