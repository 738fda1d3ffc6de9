"""Endings: the verdict in a line, the table, why not yet with what would settle it, what next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of
from tests.analyze.trials import valley
from tests.factories import RATE, experiment, two_optimizers
from tests.form import words

from etude.advise.action import Action
from etude.advise.caveats import caveats
from etude.advise.ending import MOST_REASONS, REASON_WORDS, ending, measured_pace_s, reasons
from etude.advise.finding_caveats import unclear
from etude.advise.ranking import ranking
from etude.advise.verdict import verdict
from etude.design.studies import studies
from etude.finding import UNASKED, Finding, StudyRow

QUESTION = two_optimizers(validation_examples=1000)
ROUND = Action(kind="round", text="Redraw the space", cost_trials=40, cost_steps=4000)
STOP = Action(kind="stop", text="Stop here")


def values(best, spread=0.1):
    """Twenty values of which this one is the best."""
    return [best, *(best + spread * (0.05 + np.random.default_rng(0).random(19))).tolist()]


def tie(question=QUESTION):
    return rounds.by_value(values(0.100), values(0.103), question=question)


def test_counts_stand_in_the_table_where_they_are_known():
    said = ending(tie(), [ROUND])

    assert said.line.startswith("`optimizer=adam` is ahead of `optimizer=nesterov`")
    assert said.table[0] == (
        "study",
        "valid/error",
        "wrong",
        "95 % interval",
        "best trial",
        "trials",
    )
    assert said.table[1][2] == "100 of 1,000"


def test_values_stand_there_where_no_count_is_known():
    said = ending(tie(two_optimizers()), [ROUND])

    assert said.reasons[0].text.startswith("0.1 against 0.103, once each, is a tie")
    assert said.table[0] == ("study", "valid/error", "best trial", "trials")


def test_a_tie_is_the_first_reason_and_says_what_would_settle_it():
    first = ending(tie(), [ROUND]).reasons[0]

    assert first.text == (
        "100 against 103 of 1,000 wrong, once each, is a tie: retrain both (10 trainings)"
    )
    assert first.rules == ("A2",)


def test_what_retrainings_would_tell_is_said_once():
    topics = [caveat.topic for caveat in reasons(tie()) if caveat.topic]

    assert len(topics) == len(set(topics))


def test_a_problem_comes_before_a_tie():
    weights = [caveat.weight for caveat in reasons(rounds.breaks_anywhere(QUESTION))]

    assert weights == sorted(weights, reverse=True)
    assert weights[0] == 100


@pytest.mark.parametrize(("lost", "first"), [(12, True), (1, False)])
def test_an_unfair_race_counts_by_how_unfair_it_was(lost, first):
    trailing = [*values(0.103)[: 20 - lost], *[None] * lost]
    context = rounds.by_value(values(0.100), trailing, question=QUESTION)

    texts = [caveat.text for caveat in reasons(context)]
    (unfair,) = [text for text in texts if text.startswith("The race was unfair")]

    assert f"{20 - lost} useful trials of `optimizer=nesterov` against 20" in unfair
    assert (texts.index(unfair) <= 2) == first


def test_a_race_that_still_runs_is_not_called_unfair():
    context = tie()
    records = [record for record in context.analysis.records if record.study.endswith("adam")]

    texts = [caveat.text for caveat in reasons(context_of(QUESTION, records))]

    assert any("20 of 40 trials have ended" in text for text in texts)
    assert not any("unfair" in text for text in texts)


def test_a_win_has_reasons_too():
    context = rounds.by_value(values(0.05), values(0.25), question=QUESTION)
    won = replace(context, verdict=replace(context.verdict, status="better"))
    leading, said = ending(context, [ROUND]), ending(won, [ROUND])

    assert (leading.word, leading.why) == ("LEADS", "Why not yet")
    assert leading.reasons[0].text.startswith(
        "50 against 250 of 1,000 wrong, once each, may be luck"
    )
    assert (said.word, said.why) == ("BETTER", "What could still turn it")
    assert "trained once" in said.reasons[0].text


def test_one_study_says_what_is_not_known_of_its_best():
    said = ending(rounds.healthy(experiment(max_steps=2000)), [ROUND])

    assert said.word == "NOTHING COMPARED"
    assert said.line.startswith("The best `valid/error` of 20 trials is 0.00")
    assert said.why == "What is not known yet"
    assert said.best[0].startswith("Best setting, trial ")


def test_no_value_at_all_is_said_in_a_line():
    nothing = ending(rounds.by_value([None] * 3, [None] * 3, question=QUESTION), [STOP])

    assert nothing.line == "None of 6 ended trials is feasible"
    assert nothing.best == ()


def test_what_has_not_begun_is_run_first():
    (step,) = ending(context_of(QUESTION), [STOP], file="a.toml", store=" --store x").steps

    assert step.command == "etude run a.toml --store x"
    assert step.cost == "40 trainings"


def test_nobody_is_told_to_stop_while_a_problem_is_left_to_them():
    context = rounds.breaks_anywhere(QUESTION)

    (step,) = ending(context, [STOP], left_to_you=["C3: Look for a bug (C3)."]).steps

    assert (step.command, step.text) == ("", "Look for a bug")


def test_costs_are_trainings_and_the_time_that_trainings_took():
    context = tie()
    records = [replace(one, wall_s=60.0, steps=100) for one in context.analysis.records]

    (step,) = ending(context_of(QUESTION, records), [ROUND]).steps

    assert measured_pace_s(records) == 0.6
    assert step.cost == "40 trainings, about 40 min"


def test_values_that_rounding_hides_are_told_by_their_gap():
    context = rounds.by_value(values(3.24561), values(3.24612), question=two_optimizers())
    said = ending(context, [ROUND])

    assert said.reasons[0].text.startswith("0.00051 apart, once each, is a tie")
    assert said.table[0][2] == "behind by"
    assert [row[2] for row in said.table[1:]] == ["0", "0.00051"]


def test_studies_that_tune_nothing_show_means_and_are_compared():
    question = two_optimizers(name="seeds", nuisance={}, trials=4)
    context = rounds.by_value([0.2, 0.3, 0.2, 0.3], [0.5, 0.6, 0.5, 0.6], question=question)
    said = ending(context, [STOP], store=" --store x")

    assert said.table[1] == ("optimizer=adam", "0.25", "0.058", "4")
    assert said.steps[0].command == "etude compare seeds:4 seeds:0 --store x"


def test_more_than_six_studies_are_counted():
    context = tie()
    rows = tuple(StudyRow(study=f"s{at}", value=0.1 + at, trial=0, step=1) for at in range(9))
    many = replace(context, verdict=replace(context.verdict, rows=rows))

    table = ending(many, [ROUND]).table

    assert len(table) == 7
    assert table[-1][0] == "4 more"


def test_a_verdict_that_has_its_own_line_is_taken_at_its_word():
    context = tie()
    spoken = replace(context, verdict=replace(context.verdict, headline="Adam leads by a hair"))

    assert ending(spoken, [ROUND]).line == "Adam leads by a hair"


@pytest.mark.parametrize(
    "make",
    [
        tie,
        lambda: rounds.breaks_anywhere(QUESTION),
        lambda: rounds.overfits(QUESTION),
        lambda: rounds.edge(experiment()),
    ],
)
def test_a_reason_has_at_most_twenty_words(make):
    said = ending(make(), [ROUND])

    assert max(words(reason.text) for reason in said.reasons) <= REASON_WORDS
    assert said.hidden == len(said.reasons[MOST_REASONS:]) + len(said.lines)


def test_what_holds_the_loser_down_counts_more_than_the_same_of_the_leader():
    context = tie()
    held = Finding(
        rule="D3",
        check="stability",
        status="notice",
        subject={"study": "optimizer=nesterov"},
        headline="Instability holds `learning_rate` down: 13 of 15 trials above break",
        message="",
    )

    def weight(study):
        found = [replace(held, subject={"study": study})]
        judged = caveats(context.analysis, ranking(context.analysis), found)
        return next(one.weight for one in judged if one.rules == ("D3",))

    assert weight("optimizer=nesterov") > weight("optimizer=adam")


def test_a_problem_of_the_leader_alone_does_not_come_before_a_tie():
    context = tie()
    problem = Finding(
        rule="C1",
        check="boundary",
        status="problem",
        subject={"study": "optimizer=adam", "hyperparameter": "x", "side": "low"},
        headline="`x` still improves at its lower bound",
        message="",
    )

    def first(study):
        found = [replace(problem, subject={**problem.subject, "study": study})]
        answer = verdict(context.analysis, found)
        return reasons(replace(context, verdict=answer))[0].rules

    assert (first("optimizer=adam"), first("optimizer=nesterov")) == (("A2",), ("C1",))


def test_a_lead_whose_luck_is_unknown_is_no_tie():
    context = rounds.by_value(values(0.1), [0.11], question=two_optimizers())
    text = ending(context, [ROUND]).reasons
    said = next(reason.text for reason in text if "A2" in reason.rules)

    assert "cannot be judged with 1 feasible trial of `optimizer=nesterov`" in said
    assert "tie" not in said


def test_a_search_that_follows_its_results_says_nothing_of_other_searches():
    context = rounds.by_value(values(0.1), question=experiment(search="bayesian"))
    said = [reason.text for reason in ending(context, [ROUND]).reasons if reason.rules == ("Q10",)]

    assert said == ["The luck of the search is unknown: the search follows its results"]


def open_findings(*kinds):
    return [
        Finding(
            rule=f"C{at}",
            check=f"check_{at}",
            status="unclear",
            subject={"study": "all"},
            headline=f"Thing {at} is open",
            message=f"Thing {at} is open.",
            kind=kind,
        )
        for at, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("kinds", "text", "rules"),
    [
        (
            ["", "too_short", "too_short", "too_short"],
            "3 checks could not judge the compared trials: too few evaluations",
            ("C1", "C2", "C3"),
        ),
        (
            ["noise", "too_short", "", ""],
            "4 checks could not judge the compared trials",
            ("C0", "C1", "C2", "C3"),
        ),
        (
            ["too_short", UNASKED, "too_short", "too_short"],
            "3 checks could not judge the compared trials: too few evaluations",
            ("C0", "C2", "C3"),
        ),
    ],
)
def test_one_cause_is_said_of_the_checks_that_have_it(kinds, text, rules):
    context = tie()
    found = tuple(unclear(open_findings(*kinds)))
    judged = replace(context, verdict=replace(context.verdict, caveats=found))
    first = next(one for one in reasons(judged) if "checks" in one.text)

    assert (first.text, first.rules) == (text, rules)


def test_the_reason_that_the_answer_waits_for_is_marked_as_failed():
    question = two_optimizers(nuisance={"learning_rate": RATE})
    first, second = studies(question)
    records = [*valley(first, [0.5]), *valley(second, [1.2], height=5.0, begin=20)]

    said = ending(context_of(question, records), [ROUND])

    assert [(one.rules, one.failed) for one in said.reasons if one.failed] == [(("C1",), True)]
    assert not all(one.failed for one in said.reasons)
