"""The examples of docs/designing.md: each is a file that runs, and answers its question."""

import math
from dataclasses import replace

import pytest
from tests.analyze.trials import with_outcomes

from etude.analyze.summaries.isolation import isolation
from etude.analyze.views.subgroups import split_merged
from etude.experiment.toml.read import loads
from etude.round.result import Result
from etude.round.run import run

from .test_docs import blocks

DOCUMENT = "docs/designing.md"
EXAMPLES = {loads(text).name: loads(text) for text in blocks(DOCUMENT, "toml")}
ROWS = {
    "layers": ["layers=2", "layers=4", "layers=8"],
    "weight-decay": [
        "weight_decay in [1e-6, 1e-5)",
        "weight_decay in [1e-5, 0.0001)",
        "weight_decay in [0.0001, 0.001)",
        "weight_decay in [0.001, 0.01)",
        "weight_decay in [0.01, 0.1]",
    ],
    "optimizers": ["optimizer=nesterov", "optimizer=adam"],
    "dropout": ["dropout=true", "dropout=false"],
    "activation-scientific": ["activation=relu", "activation=gelu", "activation=tanh"],
    "activation-nuisance": ["layers=2", "layers=8"],
    "activation-fixed": ["layers=2", "layers=8"],
    "widths": [f"width={width}" for width in (16, 24, 32, 48, 64, 96, 128, 192, 256, 384)],
    "recipes": ["label_smoothing=0.0", "label_smoothing=0.1"],
}


def toy(trial):
    """A valley along the learning rate, a little lower for some first values."""
    shift = len(str(sorted(trial.setting.items()))) % 7
    for step in trial.steps():
        if trial.evaluates(step):
            depth = (math.log10(trial["learning_rate"]) + 2.0) ** 2
            trial.report(step, {"valid/error": 0.2 + 0.01 * depth + 0.001 * shift})


@pytest.fixture(scope="module", params=EXAMPLES)
def played(request) -> Result:
    return run(replace(EXAMPLES[request.param], max_steps=4, evaluations=2), toy)


def test_every_example_is_here():
    assert list(EXAMPLES) == list(ROWS)


def test_a_question_is_compared_in_rows_of_its_own(played):
    rows = isolation(with_outcomes(*split_merged(played.studies, played.records))).studies

    assert [row.study for row in rows] == ROWS[played.experiment.name]
    assert all(row.feasible == row.ended > 0 for row in rows)


def test_a_question_has_a_verdict(played):
    verdict = played.verdict

    assert verdict.status in ("leads", "unclear")
    assert verdict.winner in ROWS[played.experiment.name]


def test_there_are_as_many_studies_as_the_question_asks_for(played):
    merged = played.experiment.studies == "merged"

    assert len(played.studies) == (1 if merged else len(ROWS[played.experiment.name]))
    assert {study.max_trials for study in played.studies} == {played.experiment.trials}
    assert len(played.records) == len(played.studies) * played.experiment.trials


def test_an_example_makes_a_whole_report(played):
    assert all(name in played.html() for name in ROWS[played.experiment.name])


def test_dropout_has_a_rate_only_where_it_is_on():
    with_it, without = run(replace(EXAMPLES["dropout"], max_steps=1), toy).studies

    assert list(with_it.space.domains) == ["dropout_rate", "learning_rate"]
    assert list(without.space.domains) == ["learning_rate"]
