"""The page in a browser: everything by keyboard, one marked trial in all charts, nothing fetched.

One page serves all tests, and each leaves it as it was.
"""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from tests.report.sample import content, ending, records, studies, untouched
from tests.report.test_page import hostile

from etude.report.page import page as report

playwright = pytest.importorskip(
    "playwright.sync_api", reason="NOT CHECKED: the page in a browser needs playwright"
)
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright",
    reason="NOT CHECKED: that everybody can use the page needs axe-playwright-python",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="NOT CHECKED: the page in a browser needs Chromium"
)
FIRST = '#trial-table tr[data-trial="%d"]'
REFRESH_AND_DRAW = "html => { window['etude'].refresh(html); return window['etude'].draw(); }"
# Counts the charts that are alive.
COUNTED = """() => {
    const embed = window.vegaEmbed;
    window.live = 0;
    window.vegaEmbed = async (...given) => {
        const made = await embed(...given);
        const finalize = made.view.finalize.bind(made.view);
        window.live += 1;
        made.view.finalize = () => { window.live -= 1; return finalize(); };
        return made;
    };
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        started = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """A page of 40 trials, its charts drawn, with what it asked of the network."""
    file = tmp_path_factory.mktemp("page") / "report.html"
    log = {records()[0].id: "epoch 1\nepoch 2"}
    inputs = replace(content(), logs=log, logs_left_out=39)
    file.write_text(report(inputs), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: asked.append(str(error)))
    tab.goto(file.as_uri())
    tab.wait_for_selector("#trial-table button")
    tab.evaluate("window['etude'].draw()")
    tab.wait_for_function("document.documentElement.dataset.drawn === ''")
    return tab, asked


@pytest.fixture
def tab(opened):
    yield opened[0]
    opened[0].fill("#filter", "")
    opened[0].keyboard.press("Escape")


def ids(tab):
    return tab.eval_on_selector_all(
        "#trial-table tr[data-trial]", "rows => rows.map(row => Number(row.dataset.trial))"
    )


def test_nothing_is_asked_of_the_network_and_no_script_fails(opened):
    _, asked = opened

    assert [one for one in asked if not one.startswith("file:")] == []


@pytest.mark.parametrize(
    ("scheme", "options"), [("light", None), ("dark", {"runOnly": ["color-contrast"]})]
)
def test_everybody_can_use_the_page(tab, scheme, options):
    tab.emulate_media(color_scheme=scheme)
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")

    found = axe.Axe().run(tab, options=options).response["violations"]

    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_the_first_screen_has_question_answer_reasons_and_next_command(tab, width, height):
    tab.set_viewport_size({"width": width, "height": height})
    tab.evaluate("scrollTo(0, 0)")

    lowest = tab.eval_on_selector_all(
        "#the-question, #verdict, #doubts, #next",
        "parts => Math.max(...parts.map(one => one.getBoundingClientRect().bottom))",
    )

    tab.set_viewport_size({"width": 1280, "height": 900})
    assert lowest < height


def test_a_column_sorts_by_keyboard_and_says_so(tab):
    tab.focus('#trial-table th[data-key="id"] button')
    tab.keyboard.press("Enter")

    assert ids(tab) == sorted(ids(tab))
    assert tab.get_attribute('#trial-table th[data-key="id"]', "aria-sort") == "ascending"
    assert tab.get_attribute('#trial-table th[data-key="best"]', "aria-sort") is None
    tab.click('#trial-table th[data-key="best"] button')


def test_the_filter_counts_what_it_leaves(tab):
    tab.fill("#filter", "diverged optimizer=")

    assert tab.inner_text("#count") == "8 of 40 trials"
    assert len(ids(tab)) == 8


def test_a_trial_opens_with_its_setting_its_commands_and_its_log(tab):
    button = FIRST % records()[0].id + " button"
    tab.focus(button)
    tab.keyboard.press("Enter")
    tab.wait_for_selector("tr.opened .small svg", state="attached")
    text = tab.inner_text("tr.opened")
    state = tab.get_attribute(button, "aria-expanded")
    tab.keyboard.press("Enter")

    assert state == "true"
    assert "batch_size 64" in text
    assert f"etude adopt optimizer:{records()[0].id}" in text
    assert "epoch 2" in text
    assert "those of 39 trials are left out" in tab.inner_text("#trials")
    assert tab.query_selector("tr.opened") is None


def test_the_curves_of_an_opened_trial_end_with_it(tab):
    button = FIRST % records()[0].id + " button"
    tab.evaluate(COUNTED)
    tab.click(button)
    tab.wait_for_function("window.live === document.querySelectorAll('tr.opened .small').length")
    drawn = tab.evaluate("window.live")
    tab.fill("#filter", "no such trial")
    filtered = tab.evaluate("window.live")
    tab.fill("#filter", "")
    tab.click(button)
    tab.wait_for_function("window.live === 0")

    assert drawn > filtered == 0
    assert tab.query_selector("tr.opened") is None


def test_a_rule_opens_in_place_and_closes_with_escape(tab):
    tab.focus("#doubts a.rule")
    tab.keyboard.press("Enter")
    shown = tab.inner_text("#rule-note")
    tab.keyboard.press("Escape")

    assert shown.startswith("A2 ")
    assert not tab.is_visible("#rule-note")
    assert tab.evaluate("document.activeElement.matches('#doubts a.rule')")
    assert tab.evaluate("location.hash") == ""


def test_a_marked_trial_is_marked_in_the_table_until_escape(tab):
    tab.evaluate("window['etude'].mark(3)")
    marked = tab.get_attribute(FIRST % 3, "class")
    tab.keyboard.press("Escape")

    assert "marked" in marked
    assert "marked" not in tab.get_attribute(FIRST % 3, "class")


def test_escape_closes_an_opened_trial_and_goes_back_to_its_row(tab):
    tab.evaluate("window['etude'].mark(null)")
    tab.click(FIRST % 3 + " button")
    shown = tab.is_visible("tr.opened")
    tab.keyboard.press("Escape")

    assert shown
    assert tab.query_selector("tr.opened") is None
    assert tab.evaluate(f"document.activeElement.matches({FIRST % 3 + ' button'!r})")


def test_a_newer_page_takes_the_place_of_the_old_one_and_keeps_the_filter(tab):
    tab.fill("#filter", "adam")
    trials = [one for one in records() if one.id != 39]
    tab.evaluate("html => window['etude'].refresh(html)", report(content(records=trials)))

    assert tab.inner_text("#count") == "19 of 39 trials"
    assert tab.input_value("#filter") == "adam"


def test_a_page_that_was_opened_before_a_trial_ended_gets_its_curves_and_rules(browser, tmp_path):
    file = tmp_path / "early.html"
    early = content(records=(untouched(studies()[0]),), findings=(), ending=ending(reasons=()))
    file.write_text(report(early), encoding="utf-8")
    other = browser.new_page()
    other.goto(file.as_uri())
    had_curves = other.query_selector("#comparison") is not None

    other.evaluate(REFRESH_AND_DRAW, report(content()))
    ids = other.eval_on_selector_all("main > section", "parts => parts.map(part => part.id)")
    dead = other.eval_on_selector_all(
        "a.rule, .bar a", "all => all.filter(a => !document.querySelector(a.hash)).map(a => a.hash)"
    )

    assert not had_curves
    assert ids[:4] == ["question", "findings", "comparison", "studies"]
    assert other.query_selector("#comparison .chart svg") is not None
    assert other.query_selector('.bar a[href="#comparison"]') is not None
    assert dead == []
    assert other.eval_on_selector_all("#status option", "all => all.map(one => one.value)") == [
        "",
        "completed",
        "infeasible",
    ]
    other.close()


def test_hostile_names_are_text_wherever_the_script_puts_them(browser, tmp_path):
    file = tmp_path / "hostile.html"
    file.write_text(hostile(), encoding="utf-8")
    other = browser.new_page()
    happened: list[str] = []

    def dismiss(dialog):
        happened.append(dialog.message)
        dialog.dismiss()

    other.on("dialog", dismiss)
    other.on("pageerror", lambda error: happened.append(str(error)))

    other.goto(file.as_uri())
    other.wait_for_selector("#trial-table button", state="attached")
    # Before the click: a chart that comes into view meanwhile moves the row from under it.
    other.evaluate("window['etude'].draw()")
    other.wait_for_function("document.documentElement.dataset.drawn === ''")
    other.click("#trial-table td.id button")
    other.wait_for_selector("tr.opened")
    other.evaluate("window['etude'].draw()")

    assert happened == []
    assert other.query_selector("img[src=x]") is None
    assert "alert(1)" in other.inner_text("tr.opened")
