from __future__ import annotations

from dataclasses import replace

import pytest
from tests.factories import experiment, record, two_optimizers

from etude.analyze.analysis import Analysis
from etude.analyze.checks.unread import findings, unread
from etude.design.split import split

BOTH = ("optimizer", "share")


def trials(studies, *names, count=6, begin=0, **given):
    """Trials of each study that left these names unread."""
    return [
        record(study, begin + place * count + k, 0.5 + k / 100, {"share": 0.5}, unread=names)
        if not given
        else record(study, begin + place * count + k, 0.5, unread=names, **given)
        for place, study in enumerate(studies)
        for k in range(count)
    ]


def said(studies, records):
    return [(one.status, dict(one.subject)) for one in findings(unread(studies, records))]


@pytest.mark.rule("W8")
def test_what_the_question_is_about_and_nobody_read_is_a_problem():
    studies = split(two_optimizers())

    assert said(studies, trials(studies, "optimizer")) == [
        ("problem", {"hyperparameter": "optimizer"})
    ]


@pytest.mark.parametrize("name", ["share", "batch_size"])
def test_what_is_tuned_or_fixed_and_nobody_read_is_a_notice(name):
    studies = split(two_optimizers())

    assert said(studies, trials(studies, name)) == [("notice", {"hyperparameter": name})]


def test_what_only_one_study_reads_is_said_of_the_other():
    adam, nesterov = studies = split(two_optimizers())
    records = [*trials([adam], "share"), *trials([nesterov], begin=6)]

    assert said(studies, records) == [
        ("notice", {"hyperparameter": "share", "study": "optimizer=adam"})
    ]


def test_a_scientific_value_that_one_study_reads_was_compared():
    adam, nesterov = studies = split(two_optimizers())
    records = [*trials([adam], "optimizer"), *trials([nesterov], begin=6)]

    assert said(studies, records) == [("ok", {})]


def test_one_trial_that_read_it_is_enough():
    (study,) = studies = split(experiment())
    records = [*trials(studies, "share", count=19), record(study, 19, 0.4, unread=())]

    assert said(studies, records) == [("ok", {})]


def test_a_trial_that_broke_tells_what_it_read_too():
    (study,) = studies = split(experiment())
    records = [*trials(studies, "share"), record(study, 6, None, unread=())]

    assert said(studies, records) == [("ok", {})]


def test_what_is_taken_with_all_others_is_neither_read_nor_unread():
    studies = split(two_optimizers())
    records = [replace(one, taken=("optimizer", "share")) for one in trials(studies)]
    (open_one,) = findings(unread(studies, records))

    assert (open_one.status, open_one.kind) == ("unclear", "taken")
    assert "`optimizer`" in open_one.headline
    assert not unread(studies, records).nothing_compared


def test_one_trial_that_read_it_by_its_name_tells_for_all():
    (study,) = studies = split(experiment())
    names = tuple(study.space.domains)
    records = [replace(one, taken=names) for one in trials(studies)]

    assert said(studies, [*records, record(study, 6, 0.4, unread=())]) == [("ok", {})]


def test_trials_that_all_broke_tell_nothing():
    studies = split(experiment())
    broken = {"status": "infeasible", "reason": "error"}

    assert said(studies, trials(studies, "share", **broken)) == []


def test_of_imported_trials_nobody_knows():
    (study,) = studies = split(experiment())

    assert said(studies, [record(study, k, 0.5) for k in range(20)]) == []


@pytest.mark.parametrize(
    ("ended", "expected"), [(4, []), (5, [("notice", {"hyperparameter": "share"})])]
)
def test_while_trials_run_five_of_them_have_to_say_so(ended, expected):
    (study,) = studies = split(experiment())
    records = [*trials(studies, "share", count=ended), record(study, ended)]

    assert said(studies, records) == expected


def test_a_question_is_void_only_where_nobody_read_any_of_it():
    studies = split(two_optimizers(scientific={"optimizer": ["adam", "sgd"], "width": [8, 16]}))

    half = unread(studies, trials(studies, "width"))
    whole = unread(studies, trials(studies, "optimizer", "width"))

    assert (half.nothing_compared, half.scientific) == (False, ("width",))
    assert whole.nothing_compared


def test_a_merged_study_knows_its_scientific_names_too():
    studies = split(two_optimizers(studies="merged"))

    found = unread(
        studies,
        [replace(one, setting={**one.setting}) for one in trials(studies, "optimizer", count=20)],
    )

    assert found.nothing_compared


def test_nothing_is_found_along_an_axis_that_nobody_read():
    studies = split(experiment())
    analysis = Analysis(experiment(), studies, trials(studies, "share", count=20))

    about = {one.check for one in analysis.findings if one.subject.get("hyperparameter") == "share"}

    assert about == {"unread"}
