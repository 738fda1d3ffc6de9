from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import altair as alt
import pytest
from tests.report.sample import (
    content,
    demo,
    ending,
    recommendations,
    records,
    studies,
    untouched,
)

from etude.advise.ending import NextStep, Reason
from etude.analyze.registry import NOT_CHECKED
from etude.experiment.change import Change
from etude.finding import Finding, Recommendation, Verdict
from etude.playbook.rules import sentence
from etude.record import NO_POINTS
from etude.report.page import page, safe_json
from etude.report.trial_table import MAX_ROWS
from etude.space import Real
from etude.text.signs import readable

HOME = "/home"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`<!-- \u2028"
FETCHES = re.compile(r"""(?:src|href)\s*=\s*["']?\s*(?:https?:)?//|url\(|@import|fetch\(["']http""")


class Page(HTMLParser):
    """The elements of a page, its attributes, ids and links."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.tags, self.attributes = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]


@cache
def html():
    return page(content())


def markup(text):
    """The page without its scripts and styles."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.S)


def hostile():
    finding = Finding(
        rule=HOSTILE,
        check="boundary",
        status="problem",
        subject={"study": HOSTILE, "hyperparameter": HOSTILE},
        message=HOSTILE,
        evidence={HOSTILE: HOSTILE},
        advice=HOSTILE,
    )
    named = [replace(studies()[0], name=HOSTILE, metric="valid/error")]
    trials = [replace(record, study=HOSTILE, detail=HOSTILE) for record in records()[:20]]
    verdict = Verdict(status="unclear", winner=HOSTILE, message=HOSTILE, doubts=(HOSTILE,))
    return page(
        content(
            experiment=demo(question=HOSTILE),
            studies=named,
            records=trials,
            findings=[finding],
            verdict=verdict,
            ending=ending(
                word=HOSTILE,
                line=HOSTILE,
                table=((HOSTILE,), (HOSTILE,)),
                best=(HOSTILE,),
                reasons=(Reason(text=HOSTILE, rules=(HOSTILE,)),),
                more=HOSTILE,
                steps=(NextStep(command=HOSTILE, text=HOSTILE, cost=HOSTILE),),
            ),
            text=HOSTILE,
            date=HOSTILE,
        )
    )


def test_nothing_is_fetched():
    assert FETCHES.findall(markup(html())) == []
    assert [link for link in Page(html()).links if not link.startswith("#")] == []
    assert "default-src 'none'" in html()


def test_the_style_fetches_nothing():
    style = re.findall(r"<style>(.*?)</style>", html(), flags=re.S)

    assert FETCHES.findall(style[0]) == []


def test_the_first_screen_says_question_verdict_doubts_and_next_step_in_this_order():
    ids = ["the-question", "verdict", "doubts", "next", "chart-strip", "comparison"]
    places = [html().index(f'id="{id}"') for id in ids]

    assert places == sorted(places)


def test_the_first_screen_ends_as_every_command_does():
    text = markup(html())

    assert "<span>UNCLEAR</span>" in text
    assert "by 2 of 1,400 wrong, within noise" in text
    assert '<td class="value">27 of 1,400</td>' in text
    assert "Next, most telling first" in text
    assert '<p>Redraw the space <span class="cost">Cost: 40 trainings</span></p>' in text


def test_the_first_three_reasons_stand_on_the_first_screen_and_where_the_others_are():
    text = markup(html())

    assert "Reason 2" in text
    assert "Reason 3" not in text
    assert '<a href="#findings">2 more remarks</a>: <code>etude check optimizer</code>' in text


def test_a_round_without_reasons_and_table_says_where_the_limits_stand():
    text = markup(page(content(ending=ending(reasons=(), table=(), more="", steps=()))))

    assert "No doubt was recorded" in text


def test_the_changes_stand_as_a_diff_with_rule_and_command():
    text = markup(html())

    assert "<del>0.003</del>" in text
    assert "<ins>0.03</ins>" in text
    assert '<div class="command"><code><span>etude</span> <span>next</span> ' in text


def test_changes_for_the_same_reason_stand_under_it_together():
    high = recommendations()[0]
    low = replace(high, change=Change(high.change.keys, "low", 1e-6), old=1e-5)
    text = markup(page(content(recommendations=(high, low))))

    assert text.count("lie in the highest tenth") == 1
    assert text.count("<ins>") == 2
    assert "2 changed lines of the next round" in text


def test_what_is_left_to_a_person_is_said_once():
    text = page(content(recommendations=(), left_to_you=["Look.", "Look."]))

    assert text.count("<p>Look.</p>") == 1


def test_every_link_leads_somewhere_in_the_page():
    parsed = Page(html())

    assert {link.removeprefix("#") for link in parsed.links} <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))


def test_every_rule_that_is_named_is_explained():
    unexplained = [
        rule
        for rule in ("C1", "C3", "R5", "A2", "Q10", *NOT_CHECKED)
        if f'id="rule-{rule}"' not in html() or sentence(rule).split("'")[0][:40] not in html()
    ]

    assert not unexplained


def test_problems_come_first_and_what_is_in_order_is_folded_away():
    text = markup(html())
    unclear, folded = text.index("cannot be judged</summary>"), text.index("checked and in order")

    assert text.index('<li class="problem">') < text.index('<li class="notice">') < unclear
    assert text.index('<li class="unclear">') > unclear
    assert '<li class="ok">' not in text[:folded]


def test_every_chart_has_a_place_a_label_and_a_specification():
    text = html()
    data = json.loads(re.findall(r'id="charts">(.*?)</script>', text, flags=re.S)[0])
    places = re.findall(r'aria-label="[^"]+" data-chart="([^"]+)"', text)

    assert places == list(data["charts"])
    assert len(places) == len(set(places)) >= 15


def test_infeasible_trials_stand_in_the_table_with_their_reason():
    rows = re.findall(r'<tr class="infeasible" .*?</tr>', markup(html()), flags=re.S)

    assert len(rows) == 8
    assert all("infeasible: diverged" in row for row in rows)


def test_the_table_begins_with_the_best():
    table = markup(html()).split("<tbody>")[-1]
    best = [float(value) for value in re.findall(r'best">([\d.]+)<', table)]

    assert len(best) == 32
    assert best == sorted(best)


def test_hostile_names_add_no_element_and_no_attribute():
    parsed, clean = Page(hostile()), Page(html())

    assert set(parsed.tags) <= set(clean.tags)
    assert set(parsed.attributes) <= set(clean.attributes)
    assert parsed.tags.count("script") == 4


def test_hostile_names_arrive_in_the_charts_as_people_may_read_them():
    data = re.findall(r'id="charts">(.*?)</script>', hostile(), flags=re.S)[0]

    drawn = json.loads(data)["charts"]["isolation"]["datasets"]
    assert readable(HOSTILE) in {row.get("study") for rows in drawn.values() for row in rows}


def test_data_in_a_script_cannot_end_it():
    text = str(safe_json({"name": HOSTILE}))

    assert json.loads(text) == {"name": readable(HOSTILE)}
    assert not set(text) & {"<", ">", "&", "\u2028"}


@pytest.mark.parametrize(
    "trials",
    [
        (),
        (untouched(studies()[0]),),
        records()[:1],
        (replace(records()[0], status="running"),),
        tuple(replace(record, status="infeasible", reason="nan") for record in records()),
        (replace(records()[0], status="infeasible", reason="error", points=NO_POINTS),),
    ],
    ids=["none", "pending", "one", "running", "all-infeasible", "no-values"],
)
def test_an_unfinished_or_failed_experiment_has_a_page(trials):
    text = page(content(records=trials, findings=(), recommendations=()))

    assert "Next, most telling first" in text


def test_many_trials_make_a_page_below_5_mb_that_says_what_it_leaves_out():
    many = [replace(records()[place % 40], id=place) for place in range(10_000)]
    text = page(content(records=many))

    assert len(text.encode()) < 5_000_000
    assert f"{10_000 - MAX_ROWS} more are drawn where JavaScript runs" in text
    assert "of 5,000 trials drawn" in text


def test_the_page_says_where_it_comes_from():
    text = markup(html())

    assert "etude run examples/optimizer/optimizer.toml --workers 2" in text
    assert "5c48845f0e2a with uncommitted changes" in text
    assert "torch 2.13.0" in text


def test_a_page_for_others_tells_no_home_no_user_and_no_secret():
    launch = replace(
        content().launches[0],
        command=f"etude run {HOME}/bob/a.toml --token HUSH",
        folder="/scratch/bob/digits",
        uncommitted="diff --git a/c.yaml b/c.yaml\n+password: HUSH\n",
    )
    trials = [
        replace(one, status="infeasible", detail='File "/scratch/bob/digits/train.py": bob@host')
        for one in records()[:3]
    ]
    given = content(records=trials, launches=(launch,), text="[fixed]\napi_key = 'HUSH'\n")

    text = page(given)

    assert not re.findall(r"bob\b|/scratch|/home|HUSH", markup(text))
    assert ".../digits" in text
    assert f"{HOME}/bob/a.toml" in page(replace(given, paths=True))


NAMES = ["li", "td", "error", "json", "nothers", "schema"]


@pytest.mark.parametrize("user", NAMES)
def test_a_page_is_whole_whatever_its_user_is_called(user, monkeypatch):
    charts = {
        "a": {"$schema": alt.SCHEMA_URL, "x": "valid/error", "title": "two\nothers", "n": [1, None]}
    }
    monkeypatch.setattr("etude.report.page._charts", lambda _: charts)
    monkeypatch.setenv("LOGNAME", user)
    folder, command = f"{HOME}/{user}/x", f"etude run /scratch/{user}/a.toml"
    launch = replace(content().launches[0], folder=folder, command=command)
    given = content(launches=(launch,), left_to_you=("Lower `valid/error`.",))

    text = page(given)

    own = page(replace(given, paths=True))
    assert re.findall("</[a-z]+>", text) == re.findall("</[a-z]+>", own)
    [data] = re.findall('<script type="application/json" id="charts">(.*?)</script>', text)
    assert json.loads(data) == charts
    assert "<code>etude run .../a.toml</code>" in text
    assert "valid/error" in text
    assert f"{HOME}/{user}" not in text


def test_a_picture_for_others_tells_no_folder(monkeypatch):
    charts = {"a": {"data": [{"path": "/scratch/bob/train.txt", "y": 1.5}]}}
    monkeypatch.setattr("etude.report.page._charts", lambda _: charts)
    monkeypatch.setenv("LOGNAME", "bob")

    assert ".../train.txt" in page(content())


def test_what_waits_for_another_round_is_said():
    text = page(content(waiting=("Refine the space (R2): `nuisance.share`.",)))

    assert "Waiting for another round" in text
    assert "<code>nuisance.share</code>" in text


def test_a_key_that_goes_and_a_range_that_comes_are_written_as_in_a_file():
    coming, going = (
        Recommendation(rule="C6", change=Change(keys, "", new), old=old, because="It overfits.")
        for keys, old, new in (
            (("nuisance", "dropout"), None, Real(0.1, 0.5)),
            (("fixed", "dropout"), 0.1, None),
        )
    )

    text = markup(page(content(recommendations=(coming, going))))

    assert "{ low = 0.1, high = 0.5 }" in text
    assert "nothing" in text


@pytest.mark.parametrize("paths", [False, True])
def test_a_password_among_the_fixed_values_stands_nowhere_in_the_page(paths):
    fixed = {"password": "correct-horse", "data": "s3://me:hush-hush@host/a"}
    trials = [
        replace(one, setting={**one.setting, **fixed}, detail="401 for correct-horse")
        for one in records()[:20]
    ]
    html = page(content(experiment=demo(fixed=fixed), records=trials, paths=paths))

    assert "correct-horse" not in html
    assert "hush-hush" not in html
    assert "s3://me:***@host/a" in html
