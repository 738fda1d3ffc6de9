"""What a notebook shows of a result: text is text, and the first screen is whole."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from tests.report.sample import analysis, ending, records

from etude.errors import RunError
from etude.finding import Finding
from etude.report.figures import figures
from etude.report.notebook import PALETTE, chart_named, findings_html, first_screen
from etude.text.signs import readable

HOSTILE = "<img src=x onerror=alert(1)>\"'</script>\x1b[2J\u202e"


class Page(HTMLParser):
    """The elements of a text, each with its attributes."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def finding(**given):
    plain = {"rule": "C1", "check": "boundary", "status": "problem", "subject": {}, "message": "M."}
    return Finding(**{**plain, **given})


@pytest.fixture(scope="module")
def screen():
    return first_screen(ending(), analysis())


@pytest.fixture(scope="module")
def all_figures():
    return figures(analysis())


def test_the_first_screen_has_question_answer_chart_reasons_next_and_best_trials(screen):
    parts = (
        "Does Nesterov momentum or Adam reach",
        "<b>UNCLEAR</b>",
        "27 of 1,400",
        "<svg",
        "Reason 2",
        "etude next optimizer",
        "The best 5 trials",
    )

    places = [screen.index(part) for part in parts]
    assert places == sorted(places)


def test_the_best_five_trials_are_in_order(screen):
    rows = screen.split("The best 5 trials")[1].split("<tr>")[2:]
    values = [float(re.findall(r">([^<>]*)</td>", row)[2]) for row in rows]

    assert len(values) == 5
    assert values == sorted(values)


def test_a_screen_inherits_its_colours(screen):
    assert 'fill="currentColor"' in screen
    assert not re.search(r"(?<![-\w])(?:black|white|#000|#fff)\b", screen.split("<svg")[0])


@pytest.mark.parametrize("paper", ["#ffffff", "#111111"])
def test_what_is_told_by_colour_stands_out_from_light_and_from_dark(paper):
    colours = [PALETTE.accent, PALETTE.infeasible, PALETTE.rest, *PALETTE.best]

    assert [one for one in colours if contrast(one, paper) < 3.0] == []


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(share * one for share, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_pictures_on_one_page_share_no_id(screen):
    other = first_screen(ending(), analysis(records=records()[:30]))

    assert (
        set(re.findall(r'id="([^"]+)"', screen)) & set(re.findall(r'id="([^"]+)"', other)) == set()
    )


@pytest.mark.parametrize("trials", [(), records()[:1]], ids=["none", "one"])
def test_an_experiment_that_has_hardly_begun_has_a_screen(trials):
    assert "<b>UNCLEAR</b>" in first_screen(ending(), analysis(records=trials))


def test_hostile_names_are_text():
    said = ending(line=HOSTILE, table=((HOSTILE,),) * 2, best=(HOSTILE,), more=HOSTILE)
    clean = first_screen(ending(table=(("a",),) * 2), analysis())

    shown = first_screen(said, analysis())

    assert set(Page(shown).tags) <= set(Page(clean).tags)
    assert set(Page(shown).attributes) <= set(Page(clean).attributes)
    assert readable("\x1b[2J\u202e") in shown
    assert "\x1b" not in shown


def test_hostile_findings_are_text():
    hostile = finding(message=HOSTILE, headline=HOSTILE, advice=HOSTILE, subject={"study": HOSTILE})

    shown = findings_html([hostile, finding(status="ok")])

    assert set(Page(shown).tags) == set(
        Page(findings_html([finding(advice="Do."), finding(status="ok")])).tags
    )
    assert "onerror" in shown


def test_problems_are_shown_first_and_what_is_in_order_is_folded():
    shown = findings_html(
        [
            finding(status="ok", headline="Fine"),
            finding(status="notice", headline="Noted"),
            finding(headline="Broken"),
        ]
    )

    assert shown.index("Broken") < shown.index("Noted") < shown.index("1 finding is in order")
    assert shown.index("1 finding is in order") < shown.index("Fine")


def test_every_chart_of_the_report_is_found_by_its_name(all_figures):
    specs = [
        chart_named(all_figures, figure.name).to_dict(validate=False) for figure in all_figures
    ]

    assert len(specs) == len(all_figures)
    assert all(spec["config"]["background"] == "transparent" for spec in specs)


def test_a_kind_alone_names_the_first_chart_of_it(all_figures):
    chart = chart_named(all_figures, "coverage")

    assert chart.to_dict() == chart_named(all_figures, "coverage-1").to_dict()


def test_a_name_that_no_chart_has_is_answered_with_those_that_there_are(all_figures):
    with pytest.raises(RunError, match=r"no chart `curvs`\. Did you mean `curves`") as error:
        chart_named(all_figures, "curvs")

    assert all(f"`{figure.name}`" in str(error.value) for figure in all_figures)


def test_before_a_trial_ended_there_is_no_chart_to_name():
    with pytest.raises(RunError, match="There is no chart before a trial has ended"):
        chart_named([], "curves")
