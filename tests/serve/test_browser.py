"""The live page in Chromium: nothing of a name runs, and the page goes on whatever happens."""

from __future__ import annotations

import shutil

import pytest
from tests.factories import two_optimizers
from tests.serve.hostile_names import NAMES
from tests.serve.serving import LIMIT_S, Served, made_page
from tests.store.sample import finished

from etude.event import Began, Ended, Logged
from etude.serve import reader as of_readers
from etude.serve.render import policy_hash, render

# What the script of a report has for the live page, as small as it can be.
REFRESH = """window.etude = { refresh: (html) => {
  const coming = new DOMParser().parseFromString(html, "text/html");
  document.getElementById("question").replaceWith(coming.getElementById("question"));
} };"""
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: no page is seen")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: NO PAGE IS LOOKED AT")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture
def opened(served, browser):
    """A page that came by its address, and what it complained of."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(LIMIT_S * 1000)
    page.goto(served.server.address)
    yield page
    context.close()


def shows(page, text, place="#live"):
    """Waits until a part of the page says it."""
    says = "([place, text]) => document.querySelector(place)?.innerText.includes(text)"
    page.wait_for_function(says, arg=[place, text])


def test_a_page_shows_reports_as_they_come_and_has_no_token_in_its_address(served, opened):
    served.happens(Began(0, 0), Logged(0, ((3, "valid/loss", 0.25),)))

    shows(opened, "step 4 of 8, at 0.25")

    assert opened.url == f"http://127.0.0.1:{served.port}/of/rates"
    assert opened.locator(".live-chart path.live-curve").count() == 1
    assert opened.evaluate("document.cookie") == ""


def test_a_page_says_that_nobody_is_there_and_goes_on_with_the_next_server(served, opened):
    shows(opened, "No run goes on")
    served.stop()
    shows(opened, "No connection since")
    served.happens(*finished(0, 0.5))
    served.start()

    shows(opened, "1 trial ended")

    assert "No connection" not in opened.locator("#live").inner_text()


def test_a_page_that_is_loaded_again_or_slept_goes_on(served, opened):
    opened.clock.install()
    opened.reload()
    shows(opened, "No run goes on")
    asked = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.clock.fast_forward("10:00")  # as where a laptop is opened again
    served.happens(*finished(0, 0.5))

    shows(opened, "1 trial ended")

    assert any("/events/rates" in url for url in asked)  # whatever became of the connection before


def test_what_a_newer_report_says_comes_in_its_place_and_what_was_opened_stays(served, opened):
    shows(opened, "No run goes on")
    pages = served.server._reader.watch("rates")
    pages.page = report("one", "ok", made_s=1.0)
    shows(opened, "answer one", "#question")  # it was loaded in the place of the empty page
    opened.locator("#question summary").click()
    opened.evaluate("document.body.untouched = true")
    pages.page = report("two", "problem", made_s=2.0)

    shows(opened, "answer two", "#question")

    assert opened.evaluate("document.body.untouched")
    assert opened.locator("#question details").evaluate("one => one.open")
    shows(opened, "Problem, was in order: It turned", ".live-turned")


def test_a_report_that_cannot_be_put_in_place_is_loaded_anew(served, opened):
    shows(opened, "No run goes on")
    pages = served.server._reader.watch("rates")
    pages.page = report("one", "ok", made_s=1.0)
    shows(opened, "answer one", "#question")
    opened.evaluate(
        "() => { Object.assign(window.etude, { refresh: () => { throw new Error('broken'); } }); }"
    )

    pages.page = report("two", "ok", made_s=2.0)

    shows(opened, "answer two", "#question")


def test_a_link_of_another_site_is_let_in(served, browser):
    context = browser.new_context()
    page = context.new_page()
    page.set_content(f'<a href="{served.server.address}">Live page</a>')  # as a web terminal's
    page.locator("a").click()

    shows(page, "No run goes on")

    assert page.url == f"http://127.0.0.1:{served.port}/of/rates"
    context.close()


def test_a_tab_that_nobody_sees_leaves_its_connection_to_others(served, opened):
    opened.clock.install()
    opened.reload()
    shows(opened, "No run goes on")
    asked = []
    opened.on("request", lambda request: asked.append(request.url))
    seen(opened, is_hidden=True)
    opened.clock.fast_forward("00:31")
    opened.wait_for_function("window.etudeLive.isConnected === false")
    opened.clock.fast_forward("10:00")
    assert asked == []

    seen(opened, is_hidden=False)
    served.happens(*finished(0, 0.5))

    shows(opened, "1 trial ended")


def test_a_server_that_is_gone_is_asked_more_and_more_seldom(served, opened):
    opened.clock.install()
    opened.reload()
    shows(opened, "No run goes on")
    served.stop()
    shows(opened, "No connection since")
    asked = []
    opened.on("requestfailed", lambda request: asked.append(request.url))
    [opened.clock.run_for(30_000) for _ in range(4)]

    assert 1 <= len(asked) < 12  # of 120 that are asked once a second
    served.start()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_that_stopped_is_said_and_its_server_asked_seldom(served, opened, monkeypatch):
    opened.clock.install()
    opened.reload()
    shows(opened, "No run goes on")
    monkeypatch.setattr(of_readers, "as_json", {}.__getitem__)
    served.happens(*finished(0, 0.5))
    shows(opened, "The reader stopped")
    asked = []
    opened.on("request", lambda request: asked.append(request.url))
    [opened.clock.run_for(1_000) for _ in range(20)]

    shows(opened, "The reader stopped")

    assert 1 <= len(asked) < 8  # of 20 that are asked once a second


def seen(page, *, is_hidden):
    """Lets a page believe that its tab is not in front, or is."""
    page.evaluate(
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, "
        "configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }",
        is_hidden,
    )


def report(word, status, **given):
    """A page as small as one can be."""
    html = (
        '<!doctype html><html><head><link rel="stylesheet" href="/live.css"></head><body><main>'
        '<section id="live" class="live"></section>'
        f'<section id="question">answer {word}<details><summary>More</summary>all</details>'
        f'</section></main><script>{REFRESH}</script><script src="/live.js"></script></body></html>'
    )
    turned = {"rule": "C1", "check": "boundary", "about": "the rate", "headline": "It turned"}
    findings = [{**turned, "status": status}]
    return made_page(html, findings=findings, hashes=[policy_hash(REFRESH)], **given)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """An experiment whose every name is hostile, with its report."""
    one = two_optimizers(
        name="rates",
        metric="valid/loss",
        max_steps=8,
        trials=1,
        evaluations=4,
        question=NAMES[0],
        notes=NAMES[1],
        scientific={"optimizer": NAMES},
        fixed={"batch_size": 64, "words": NAMES[2]},
    )
    made = Served(tmp_path_factory.mktemp("hostile"), experiment=one)
    for number, name in enumerate(NAMES):
        made.happens(Began(number, 0), Logged(number, ((3, "valid/loss", 0.5), (3, name, 1.0))))
    for number, name in enumerate(NAMES[:6]):
        made.happens(Ended(number, "infeasible", reason=name, detail=name, steps=4))
    made.start()
    known, library, html = render(str(made.path), "rates")
    pages = made.server._reader.watch("rates")
    pages.libraries = {known["digest"]: library.encode()}
    pages.page = made_page(html, hashes=known["hashes"], findings=known["findings"])
    yield made
    made.close()


@pytest.mark.slow
def test_of_thirty_hostile_names_none_runs(hostile, browser):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(LIMIT_S * 1000)
    asked, dialogs = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.goto(hostile.server.address)
    shows(page, "<script>")  # names are there, as text
    shows(page, "And 6 more studies.")

    hostile.happens(Logged(29, ((7, "valid/loss", 0.125),)))
    shows(page, "Trial 29 reported 0.125 at step 8")

    assert page.evaluate("window.ran") is None
    assert dialogs == []
    assert page.locator("#live :is(script, img, iframe, a:not([href='/all']))").count() == 0
    assert {url.split("/")[2] for url in asked} == {f"127.0.0.1:{hostile.port}"}
    context.close()
