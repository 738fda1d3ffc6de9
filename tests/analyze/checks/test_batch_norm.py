from __future__ import annotations

import numpy as np
import pytest
from tests.factories import experiment, record, two_optimizers

from etude.analyze.analysis import Analysis
from etude.analyze.checks.batch_norm import batch_norm, findings
from etude.design.split import split
from etude.experiment import Experiment
from etude.record import POINT, Points, Record
from etude.space import Choice

NAME = "batch_norm/examples"


def logging(study, counts, *, begin=0) -> list[Record]:
    """A trial for each count, which logged it with its first step."""
    return [
        record(study, begin + place, points=with_count(count), status="completed")
        for place, count in enumerate(counts)
    ]


def with_count(count) -> Points:
    rows_P = np.array([(0, 1, count), (9, 0, 0.5), (19, 0, 0.4)], dtype=POINT)
    return Points(rows_P, ("valid/error", NAME))


def said(question: Experiment, counts, before=None):
    (study,) = split(question)
    return findings(batch_norm([study], logging(study, counts), before=before))


def kinds(question, counts, before=None):
    return [(one.status, one.rule, one.kind) for one in said(question, counts, before)]


@pytest.mark.parametrize("count", [1, 2, 4, 8, 15])
@pytest.mark.rule("B1", "B2")
def test_statistics_of_few_examples_are_found(count):
    (finding,) = said(experiment(), [count] * 6)

    assert (finding.status, finding.rule) == ("notice", "B1")
    noun = "example" if count == 1 else "examples"
    assert finding.headline == f"Batch norm takes its statistics over {count} {noun}"
    assert "layer norm" in finding.advice


@pytest.mark.parametrize("count", [16, 64, 128, 4096])
def test_statistics_of_enough_examples_are_in_order(count):
    (finding,) = said(experiment(), [count] * 6)

    assert (finding.status, finding.message) == (
        "ok",
        f"Batch norm takes its statistics over {count:,} examples in 6 trials.",
    )


def test_of_trials_that_log_nothing_nothing_is_claimed():
    (study,) = split(experiment())
    records = [record(study, trial, 0.5) for trial in range(6)]

    assert findings(batch_norm([study], records)) == []


@pytest.mark.parametrize("counts", [[64, 127], [100, 100], [64]])
def test_groups_of_about_64_are_alike(counts):
    assert kinds(experiment(), counts) == [("ok", "B2", "")]


def test_a_batch_that_changes_under_it_is_found():
    (finding,) = said(experiment(), [32, 64, 256, 64])

    assert finding.headline == "Batch norm's statistics change with the batch: 32 to 256 examples"
    assert (finding.status, finding.rule, finding.kind) == ("notice", "B2", "varied")


def test_few_and_varied_are_two_findings_and_the_few_are_named():
    few, varied = said(experiment(), [4, 128, 128])

    assert few.headline == "Batch norm takes its statistics over 4 examples in 1 of 3 trials"
    assert few.evidence["trials"] == [0]
    assert varied.kind == "varied"


def test_studies_of_two_batch_sizes_are_compared_with_two_normalizations():
    question = experiment(scientific={"batch_size": [64, 512]})
    small, large = split(question)
    records = [*logging(small, [64] * 3), *logging(large, [512] * 3, begin=3)]

    (finding,) = Analysis(question, [small, large], records).findings[-1:]

    assert (finding.check, finding.kind) == ("batch_norm", "varied")


@pytest.mark.parametrize(("now", "kind"), [(16, "changed"), (512, "changed"), (64, ""), (100, "")])
def test_a_round_with_another_batch_or_more_hosts_than_the_one_before_is_found(now, kind):
    first, second = experiment(name="first"), experiment(name="second")
    (study,) = split(first)
    before = Analysis(first, [study], logging(study, [64] * 4))

    analysis = Analysis(second, [study], logging(study, [now] * 4), before=[before])
    (finding,) = [one for one in analysis.findings if one.check == "batch_norm"]

    assert finding.kind == kind
    assert finding.evidence["round_before"] == {"name": "first", "examples": [64, 64]}


@pytest.mark.parametrize(
    ("names", "norm", "size", "kind"),
    [
        (("normalization", "batch_size"), "batch", 4, "few"),
        (("norm", "bs"), "batch_norm", 8, "few"),
        (("norm_layer", "train_batch_size"), "BatchNorm2d", 4, "few"),
        (("normalization", "batch_size"), "batch", 128, ""),
    ],
)
def test_what_the_setting_says_of_batch_norm_is_known_without_a_log(names, norm, size, kind):
    (study,) = split(experiment(fixed=dict(zip(names, (norm, size), strict=True))))
    records = [record(study, trial, 0.5) for trial in range(3)]

    (finding,) = findings(batch_norm([study], records))

    assert (finding.kind, finding.evidence["by_setting"]) == (kind, [0, 1, 2])


@pytest.mark.parametrize("norm", ["layer", "group", "none", "ghost_batch"])
def test_of_another_norm_nothing_is_claimed(norm):
    (study,) = split(experiment(fixed={"normalization": norm, "batch_size": 4}))
    records = [record(study, trial, 0.5) for trial in range(3)]

    assert findings(batch_norm([study], records)) == []


def test_what_the_loop_saw_counts_before_what_the_setting_says():
    """A batch of 4 examples a step may be 64 a device: 16 devices share their statistics."""
    (study,) = split(experiment(fixed={"normalization": "batch", "batch_size": 4}))

    (finding,) = findings(batch_norm([study], logging(study, [64])))

    assert (finding.status, finding.evidence["by_setting"]) == ("ok", [])


@pytest.mark.parametrize("count", [float("nan"), float("inf"), -3.0, 0.0])
def test_a_count_that_cannot_be_is_passed_over(count):
    assert said(experiment(), [count]) == []


def test_a_trial_without_values_is_passed_over():
    first, second = split(two_optimizers())
    records = [record(first, 0), *logging(second, [4], begin=1)]

    result = batch_norm([first, second], records)

    assert dict(result.trials) == {1: 4}


def test_only_trials_of_the_batch_that_is_small_are_named_where_it_is_tuned():
    question = experiment(
        fixed={"normalization": "batch"}, nuisance={"batch_size": Choice([4, 64])}
    )
    (study,) = split(question)
    records = [
        record(study, trial, 0.5, {"batch_size": size}) for trial, size in enumerate([4, 64, 4])
    ]

    few, varied = findings(batch_norm([study], records))

    assert (few.evidence["trials"], varied.kind) == ([0, 2], "varied")
