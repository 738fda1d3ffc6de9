"""Live: how soon is a report on the page, how large is it all, and what does it cost the run?

    python benchmarks/serve.py            everything: ten minutes on a quiet 2-core machine
    python benchmarks/serve.py --quick    small numbers, nothing kept: does it run?
    python benchmarks/serve.py --only delay|size|slowed|hostile

It goes on from the parts that were done: remove `.bench/serve.jsonl` to begin anew.

`live.delay_s` is the longest time, of all reports of a real run, from the line before
`trial.report` to the frame of a tab in Chromium that shows that step or a later one: runner, store,
server and browser. `live.open_s` is the longest of three: a tab that opens a store of 10,000 trials
with a server that was just started, one that opens it when the report is there, and that one
reloaded; each until the panel shows all trials and, where there is a report, its first screen.
`live.server_mb` is the most that the server ever held (VmHWM), with 50 readers and 10,000 trials,
and `live.tab_mb` the largest renderer's own share of memory (PSS) with that report open, scrolled
to its end.

`live.run_slowed` is the ratio of processor times of a run and its training, with 50 readers on a
server beside it and without one, over pairs played in turn; the server's and the readers' time is
not among them. `live.hostile_executed` counts what ran of 30 hostile names, and `live.let_in` how
many of 30 hostile requests, without the token or from a foreign page, saw anything.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measure import BENCH, Cache, Output, child, version
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.factories import two_optimizers
from tests.serve.hostile_names import NAMES
from tests.serve.test_access import FOREIGN, WRONG

from etude.event import Began, Ended, Event, Logged
from etude.experiment import Experiment
from etude.experiment.entry import Entry, Launch
from etude.experiment.toml.write import dumps
from etude.round.loop import started
from etude.round.opening import entry_of, plan_of
from etude.store.sqlite import SQLite

BARS = {
    "live.delay_s": 1.0,
    "live.open_s": 2.0,
    "live.server_mb": 150,
    "live.tab_mb": 300,
    "live.run_slowed": 1.02,
    "live.hostile_executed": 0,
    "live.let_in": 0,
}
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
PORT_OF = re.compile(r"Live page: http://127\.0\.0\.1:(\d+)/\?open=(\S+)")
LIMIT_S = 300.0
READERS = 50
SLOW = """
import random, time
from pathlib import Path

def train(trial):
    rng = random.Random(trial.seed)
    for step in trial.steps():
        time.sleep(rng.uniform(0.05, 0.5))
        with open(Path(__file__).with_name("told.txt"), "a") as file:
            file.write(f"{trial.id} {step + 1} {time.time()}\\n")
        trial.report(step, {"valid/loss": 1.0 / (step + 1)})
"""
BUSY = """
def train(trial):
    value = 1.0
    for step in trial.steps():
        for _ in range(4000):
            value -= 1e-6 * trial["learning_rate"] * value
        trial.log(step, {"train/loss": value})
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": value})
"""
FILE = """
[experiment]
name = "NAME"
metric = "valid/loss"
max_steps = STEPS
trials = TRIALS
evaluations = EVALUATIONS
train = "NAME.py:train"
[nuisance]
learning_rate = { low = 0.01, high = 0.5 }
"""
# Each frame that shows another step of a trial, with its time: Unix milliseconds.
WATCH = """
window.seen = [];
const look = () => document.querySelectorAll(".live-running li").forEach((item) => {
  const step = /step ([\\d,]+) of/.exec(item.textContent);
  if (!step) return;
  const numbers = [item.dataset.trial, step[1].replaceAll(",", "")].map(Number);
  window.seen.push([...numbers, Date.now()]);
});
new MutationObserver(() => requestAnimationFrame(look)).observe(
  document.getElementById("live"), { subtree: true, childList: true, characterData: true });
"""
SHOWN = """([ended, report]) => {
  const live = document.querySelector("#live[data-drawn]");
  const numbers = live ? live.querySelector(".live-left").textContent : "";
  const has = !report || document.querySelector("#question h1");
  return numbers.includes(`${ended} trials ended`) && Boolean(has);
}"""


# --- what is served


def written(folder: Path, name: str, train: str, **numbers: int) -> Path:
    text = FILE.replace("NAME", name)
    for key, value in numbers.items():
        text = text.replace(key.upper(), str(value))
    (folder / f"{name}.py").write_text(train)
    (folder / f"{name}.toml").write_text(text)
    return folder / f"{name}.toml"


def begun(store: SQLite, entry: Entry) -> Experiment:
    """An experiment whose trials wait in a store, as before its first one."""
    store.begin(entry)
    started(plan_of(entry.experiment), store, entry.experiment.name)
    return entry.experiment


def planned(file: Path, store: Path) -> None:
    opened = SQLite(store)
    begun(opened, entry_of(file)[0])
    opened.close()


def entry_of_python(one: Experiment) -> Entry:
    launch = Launch(command="etude run", folder="here", process=1, started="2026-01-01")
    return Entry(experiment=one, text=dumps(one), launches=(launch,))


def many(folder: Path, trials: int) -> Path:
    """A store of so many trials that ended, with curves of 20 points."""
    opened = SQLite(folder / "many.db")
    one = two_optimizers(name="many", max_steps=1000, trials=trials // 2, evaluations=20)
    begun(opened, entry_of_python(one))
    rng = random.Random(0)
    events: list[Event] = []
    for record in opened.records("many")[:]:
        best = 0.02 + 0.05 * abs(math.log10(record.setting["learning_rate"]) + 2)
        rows = [
            (50 * k + 49, "valid/error", best * (1 + 2 / (k + 1)) + rng.gauss(0, 0.002))
            for k in range(20)
        ]
        events += [Began(record.id, 0), Logged(record.id, tuple(rows))]
        events.append(Ended(record.id, "completed", steps=1000, wall_s=1.0))
        if len(events) > 3000:
            opened.append("many", events)
            events = []
    opened.append("many", events)
    opened.close()
    return folder / "many.db"


@contextmanager
def serving(store: Path, name: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """A server of a store: its process, its port and its token."""
    command = [sys.executable, "-m", "etude", "serve", name, "--store", str(store), "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}  # it says how it ended
    with subprocess.Popen(command, **pipes, text=True) as process:
        try:
            found = PORT_OF.match(process.stdout.readline() if process.stdout else "")
            if found is None:
                raise SystemExit("The server did not say where it is.")
            yield process, int(found[1]), found[2]
        finally:
            process.terminate()


def cookie_of(port: int, token: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    connection.request("GET", f"/?open={token}")
    answer = connection.getresponse()
    connection.close()
    return (answer.getheader("set-cookie") or "").partition(";")[0]


class Readers:
    """So many that look on, as browsers do; each reads what comes until the server ends."""

    def __init__(self, port: int, token: str, name: str, count: int) -> None:
        self._cookie = cookie_of(port, token)
        self.lines = 0
        self._streams = [self._stream(port, name) for _ in range(count)]
        for stream in self._streams:
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _stream(self, port: int, name: str) -> HTTPConnection:
        connection = HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
        connection.request("GET", f"/events/{name}", headers={"Cookie": self._cookie})
        return connection

    def _read(self, connection: HTTPConnection) -> None:
        answer = connection.getresponse()
        while answer.readline():
            self.lines += 1


# --- memory


def kilobytes(path: Path, key: str) -> float:
    found = re.search(rf"^{key}:\s+(\d+) kB", path.read_text(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def most_mb(process: int) -> float:
    return kilobytes(Path(f"/proc/{process}/status"), "VmHWM") / 1024


def tab_mb(browser: Browser) -> float:
    """The largest renderer: what it holds alone, and its share of what it shares."""
    session = browser.new_browser_cdp_session()
    listed = session.send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [one["id"] for one in listed if one["type"] == "renderer"]
    shares = [kilobytes(Path(f"/proc/{one}/smaps_rollup"), "Pss") for one in renderers]
    return max(shares) / 1024


# --- the parts


def tab(browser: Browser) -> tuple[BrowserContext, Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(1000 * LIMIT_S)
    return context, page


def delay(folder: Path, browser: Browser, output: Lines, *, quick: bool) -> dict[str, float]:
    steps = 20 if quick else 100
    file = written(folder, "slow", SLOW, steps=steps, trials=2, evaluations=steps)
    store = folder / "slow.db"
    planned(file, store)
    with serving(store, "slow") as (_, port, token):
        context, page = tab(browser)
        page.goto(f"http://127.0.0.1:{port}/?open={token}")
        page.wait_for_selector("#live[data-drawn]", state="attached")
        page.wait_for_function("!document.body.classList.contains('shell')")  # a report is there
        page.wait_for_selector("#live[data-drawn]", state="attached")
        page.evaluate(WATCH)
        command = [sys.executable, "-m", "etude", "run", str(file), "--store", str(store)]
        subprocess.run([*command, "--workers", "2"], check=True, capture_output=True)
        page.wait_for_timeout(1000)
        seen = page.evaluate("window.seen")
        context.close()
    delays = []
    for (trial, step), told_s in told(folder).items():
        later = [ms for one, shown, ms in seen if one == trial and shown >= step]
        if step < steps and later:  # with the last one it ends, and is shown as that
            delays.append(min(later) / 1000 - told_s)
    delays.sort()
    late = delays[int(0.95 * len(delays))]
    output.say(
        f"{len(delays)} reports of 2 trials, from `trial.report` to the tab: median "
        f"{median(delays):.2f} s, 95 % {late:.2f} s, most {delays[-1]:.2f} s"
    )
    return {"live.delay_s": delays[-1], "live.delay_median_s": median(delays)}


def told(folder: Path) -> dict[tuple[int, int], float]:
    """When each step of a trial was reported; the two that are tried first are trained again."""
    lines = [line.split() for line in (folder / "told.txt").read_text().splitlines()]
    return {(int(trial), int(step)): float(told_s) for trial, step, told_s in lines}


def size(folder: Path, browser: Browser, output: Lines, *, quick: bool) -> dict[str, float]:
    trials = 400 if quick else 10_000
    store = many(folder, trials)
    ended = f"{trials:,}"
    with serving(store, "many") as (process, port, token):
        context, page = tab(browser)
        times = [opened_s(page, f"http://127.0.0.1:{port}/?open={token}", ended, report=False)]
        begin_s = time.monotonic()
        page.wait_for_function("!document.body.classList.contains('shell')")
        made_s = times[0] + time.monotonic() - begin_s
        context.close()
        context, page = tab(browser)
        address = f"http://127.0.0.1:{port}/?open={token}"
        times.append(opened_s(page, address, ended, report=True))
        for _ in range(30):  # charts are drawn as they come into view
            page.evaluate("scrollBy({ top: 900, behavior: 'instant' })")
            page.wait_for_timeout(200)
        page.wait_for_timeout(3000)
        memory = tab_mb(browser)
        times.append(opened_s(page, address, ended, report=True))
        readers = Readers(port, token, "many", READERS)
        while readers.lines < READERS:
            time.sleep(0.1)
        server = most_mb(process.pid)
        context.close()
    output.say(
        f"{ended} trials: opened in {times[0]:.2f} s with a new server, its report after "
        f"{made_s:.1f} s; then in {times[1]:.2f} s, reloaded in {times[2]:.2f} s"
    )
    output.say(f"server {server:.0f} MB at most, tab {memory:.0f} MB")
    return {"live.open_s": max(times), "live.server_mb": server, "live.tab_mb": memory}


def opened_s(page: Page, address: str, ended: str, *, report: bool) -> float:
    begin_s = time.monotonic()
    page.goto(address, wait_until="commit")
    page.wait_for_function(SHOWN, arg=[ended, report], polling=20)
    return time.monotonic() - begin_s


def slowed(folder: Path, browser: Browser, output: Lines, *, quick: bool) -> dict[str, float]:
    del browser
    pairs = 2 if quick else 10
    file = written(folder, "busy", BUSY, steps=100 if quick else 200, trials=8, evaluations=50)
    timed: dict[str, list[float]] = {"alone": [], "readers": []}
    lines = 0
    for number in range(pairs):
        for case in ("alone", "readers") if number % 2 else ("readers", "alone"):
            store = folder / f"busy-{number}-{case}.db"
            planned(file, store)
            if case == "alone":
                timed[case].append(run_s(file, store))
                continue
            with serving(store, "busy") as (_, port, token):
                readers = Readers(port, token, "busy", READERS)
                timed[case].append(run_s(file, store))
                lines += readers.lines
    ratios = [one / other for one, other in zip(timed["readers"], timed["alone"], strict=True)]
    total = sum(timed["readers"]) / sum(timed["alone"])
    output.say(
        f"{pairs} pairs of runs, with {READERS} readers and without a server: processor seconds "
        f"{median(timed['readers']):.2f} and {median(timed['alone']):.2f} (median), ratio of sums "
        f"{total:.4f}; {lines // pairs // READERS} lines a reader"
    )
    output.say(f"  ratios: {' '.join(f'{value:.3f}' for value in sorted(ratios))}")
    return {"live.run_slowed": total, "live.run_slowed_median": median(ratios)}


def run_s(file: Path, store: Path) -> float:
    command = [sys.executable, "-m", "etude", "run", str(file), "--store", str(store)]
    done = child([*command, "--workers", "1", "--runner", "processes"], speaks=False)
    return done.cpu_s


def hostile(folder: Path, browser: Browser, output: Lines, *, quick: bool) -> dict[str, float]:
    del quick
    store = hostile_store(folder / "hostile.db")
    with serving(folder / "hostile.db", "hostile") as (_, port, token):
        let_in = len(seen_by_strangers(port, token))
        context, page = tab(browser)
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(f"http://127.0.0.1:{port}/?open={token}")
        page.wait_for_function("!document.body.classList.contains('shell')")
        page.wait_for_selector("#live[data-drawn]", state="attached")
        store.append("hostile", [Logged(29, ((7, "valid/error", 0.25),))])
        page.wait_for_function("document.getElementById('live').innerText.includes('0.25')")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(2000)
        ran = int(page.evaluate("Number(window.ran || 0)")) + len(dialogs)
        context.close()
    store.close()
    count = len(strangers())
    output.say(f"{len(NAMES)} hostile names: {ran} ran; {count} hostile requests: {let_in} let in")
    return {"live.hostile_executed": ran, "live.let_in": let_in}


def hostile_store(path: Path) -> SQLite:
    """A store in which every name that others may choose is hostile."""
    asked = {"question": NAMES[0], "notes": NAMES[1], "scientific": {"optimizer": NAMES}}
    one = two_optimizers(name="hostile", metric="valid/error", trials=1, **asked)
    opened = SQLite(path)
    begun(opened, entry_of_python(one))
    for number, name in enumerate(NAMES):
        events: list[Event] = [Began(number, 0)]
        events.append(Logged(number, ((3, "valid/error", 0.5), (3, name, 1.0))))
        if number < 10:
            events.append(Ended(number, "infeasible", reason=name, detail=name, steps=4))
        opened.append("hostile", events)
    return opened


def strangers() -> list[tuple[str, dict[str, str], bool]]:
    """Requests that are to see nothing: their path, their headers, and whether with the cookie."""
    paths = ["/", "/all", "/of/hostile", "/events/hostile", "/vega/x.js", "/of/..%2fhostile"]
    plain: list[tuple[str, dict[str, str], bool]] = [(path, {}, False) for path in paths]
    plain += [(f"/?open={quote(token, safe='%')}", {}, False) for token in WRONG]
    plain += [("/of/hostile", headers, True) for headers in FOREIGN]
    return plain


def seen_by_strangers(port: int, token: str) -> Sequence[str]:
    cookie = cookie_of(port, token)
    seen = []
    for path, headers, has_cookie in strangers():
        connection = HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
        sent = {**({"Cookie": cookie} if has_cookie else {}), **headers}
        connection.request("GET", path, headers=sent)
        answer = connection.getresponse()
        text = answer.read(4096).decode(errors="replace")
        if answer.status < 400 or "hostile" in text or answer.getheader("set-cookie"):
            seen.append(path)
        connection.close()
    return seen


PARTS = {"delay": delay, "hostile": hostile, "slowed": slowed, "size": size}


class Lines:
    """What a part says, printed and kept beside its figures."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self._output.say(line)
        self.lines.append(line)


def recalled(
    part: str, folder: Path, browser: Browser, output: Output, *, quick: bool
) -> dict[str, float]:
    """The figures of a part, as it was played before or is now."""
    cache = Cache(BENCH / "serve.jsonl", ("part", "quick"))
    known = cache.get({"part": part, "quick": quick})
    if known is None:
        lines = Lines(output)
        figures = PARTS[part](folder, browser, lines, quick=quick)
        cache.add({"part": part, "quick": quick, "figures": figures, "lines": lines.lines})
        return figures
    for line in known["lines"]:
        output.say(line)
    return dict(known["figures"])


def played(chosen: argparse.Namespace, output: Output) -> dict[str, float]:
    figures: dict[str, float] = {}
    parts = [chosen.only] if chosen.only else list(PARTS)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder, quick = Path(place), bool(chosen.quick)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        names = ("etude", "starlette", "uvicorn")
        versions = [f"{one} {version(sys.executable, one)}" for one in names]
        versions += [f"Chromium {browser.version}", f"Python {sys.version.split()[0]}"]
        output.say(f"{chosen.note}\n{', '.join(versions)}\n".lstrip())
        for part in parts:
            figures |= recalled(part, folder, browser, output, quick=quick)
        browser.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small numbers, nothing kept")
    parser.add_argument("--only", choices=("delay", "size", "slowed", "hostile"))
    parser.add_argument("--note", default="", help="a line on the machine, kept")
    chosen = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    output = Output("serve", keep=not (chosen.quick or chosen.only))
    figures = played(chosen, output)
    output.say()
    output.say(f"bars: {json.dumps(BARS)}")
    output.end(figures)


if __name__ == "__main__":
    main()
