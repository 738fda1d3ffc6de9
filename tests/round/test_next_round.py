"""Rounds that follow their own advice, and the same advice from the same store."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from tests.factories import rates

import etude
from etude.design.checks import findings as of_design
from etude.experiment.toml.read import loads
from etude.finding import to_json
from etude.store.memory import Memory

WRONG = rates(
    name="wrong",
    max_steps=20,
    trials=24,
    evaluations=10,
    nuisance={
        "learning_rate": etude.Real(0.03, 100.0, log=True),
        "weight_decay": etude.Real(1e-5, 0.1, log=True),
    },
)


def train(trial):
    """A valley at 0.01 and 0.001, and nothing but NaN from a learning rate of 4 on."""
    setting = dict(trial)  # reads all of it, what is compared too
    rate, decay = math.log10(setting["learning_rate"]), math.log10(setting["weight_decay"])
    height = (rate + 2) ** 2 + (decay + 3) ** 2
    for step in trial.steps():
        if trial.evaluates(step):
            value = height + math.exp(-step / 4)
            trial.report(step, {"valid/loss": value if rate < 0.6 else math.nan})


def followed(rounds):
    """The results of rounds that follow their advice, until it says stop."""
    store, experiment, results = Memory(), WRONG, []
    for _ in range(rounds):
        results.append(etude.run(experiment, train, store=store))
        coming = results[-1].next()
        if coming is None:
            break
        experiment = coming.experiment
    return results


@pytest.fixture(scope="module")
def results():
    return followed(4)


def test_advice_that_is_followed_leads_out_of_a_wrong_space(results):
    losses = [result.best.best("valid/loss", maximize=False).value for result in results]

    assert losses[0] > 0.2
    assert min(losses) < 0.1


def test_the_first_thing_is_to_redraw_the_space(results):
    first = results[0].advice

    assert first.goal == "redraw the space"
    assert {(edit.rule, edit.path, edit.part) for edit in first.recommendations} == {
        ("C1", "nuisance.learning_rate", "low"),
        ("C3", "nuisance.learning_rate", "high"),
    }


def test_no_round_of_them_has_a_finding_about_its_design_that_the_advice_caused(results):
    findings = [
        finding
        for result in results
        for finding in of_design(result.experiment, result.studies, result.parent)
    ]

    assert [finding for finding in findings if finding.status != "ok"] == []


def test_every_next_file_says_what_its_experiment_is(results):
    files = [file for result in results if (file := result.next()) is not None]

    assert [loads(file.text) for file in files] == [file.experiment for file in files]


def test_verdict_findings_and_next_file_are_the_same_bit_for_bit(tmp_path):
    place = tmp_path / "etude.db"
    etude.run(WRONG, train, store=place)

    first, second = etude.load(place), etude.load(place)

    assert first.next().text == second.next().text
    assert first.verdict == second.verdict
    assert list(map(to_json, first.findings)) == list(map(to_json, second.findings))


SAY_ALL = """
import sys
import etude
from etude.finding import to_json

for place in sys.argv[1:]:
    result = etude.load(place)
    exploited = result.next(exploit=True)
    print(result.verdict, list(map(to_json, result.findings)), result.left_to_you)
    print(result.next().text, exploited.text)
    print("END")
"""


def output_elsewhere(stores, hash_seed):
    """What another process says of each store; sets have another order in each."""
    process = subprocess.run(
        [sys.executable, "-c", SAY_ALL, *map(str, stores)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stdout.split("END\n")[:-1]


def test_two_processes_say_the_same_of_a_store_bit_for_bit(tmp_path):
    comparisons = {"alone": {}, "compared": {"optimizer": ["adam", "nesterov", "sgd"]}}
    stores = [tmp_path / f"{name}.db" for name in comparisons]
    for store, compared in zip(stores, comparisons.values(), strict=True):
        etude.run(replace(WRONG, scientific=compared), train, store=store)

    first, second = (output_elsewhere(stores, seed) for seed in ("1", "2"))

    assert ["C1: " in said for said in first] == [True, True]
    assert first == second
