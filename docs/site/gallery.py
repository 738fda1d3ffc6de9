"""Makes the pictures of the docs: small experiments are run, and their reports are looked at.

`python docs/site/gallery.py [NAME ...]` needs Chromium and Pillow, and a minute for all of them.
Pictures stand in docs/pictures, each below 150 kB, and docs/report.png is the README's. An address
whose data do not change gives the same picture, so that a difference is one of the report.
"""

from __future__ import annotations

import lzma
import math
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import etude
from etude.store import open_store

DOCS = Path(__file__).parents[1]
PICTURES = DOCS / "pictures"
MOST_BYTES = 150_000
WIDTH, HEIGHT, README_HEIGHT = 1280, 1500, 1000
RATE = etude.Real(1e-4, 1.0, log=True)
DEMO = DOCS.parent / "tests" / "golden" / "stores" / "demo.sqlite.xz"


def curve(trial: etude.Trial, level: float, slowness: float = 40.0, noise: float = 0.004) -> None:
    """A training that falls to a level, with noise of its own seed."""
    luck = random.Random(trial.seed)
    level += luck.gauss(0.0, noise)
    for step in trial.steps():
        falling = math.exp(-step / slowness)
        trial.log(step, {"train/loss": level + falling, "grad_norm": 0.2 + falling})
        if trial.evaluates(step):
            wobble = luck.gauss(0.0, noise / 4)
            trial.report(step, {"valid/error": level + 0.6 * falling + wobble})


def distance(trial: etude.Trial, best: float) -> float:
    """Decades between the trial's learning rate and the best one, squared."""
    return math.log10(trial["learning_rate"] / best) ** 2


def lead(trial: etude.Trial) -> None:
    """One optimizer is better at its best."""
    best = {"adam": 0.10, "sgd": 0.16}[trial["optimizer"]]
    curve(trial, best + 0.05 * distance(trial, 0.01))


def bound(trial: etude.Trial) -> None:
    """The best rate lies beyond the range."""
    curve(trial, 0.1 + 0.03 * distance(trial, 10.0))


def breaks(trial: etude.Trial) -> None:
    """Training diverges above a rate that momentum lowers."""
    rate = trial["learning_rate"]
    if rate > 0.3 * (1.05 - trial["momentum"]):
        for step in trial.steps():
            trial.log(step, {"train/loss": 10.0 * 1.5**step, "grad_norm": 2.0**step})
            if trial.evaluates(step):
                trial.report(step, {"valid/error": math.nan})
    curve(trial, 0.12 + 0.04 * distance(trial, 0.02))


def overfits(trial: etude.Trial) -> None:
    """The error rises again, the more the larger the model."""
    luck, width = random.Random(trial.seed), trial["width"]
    for step in trial.steps():
        falling = math.exp(-step / 15.0)
        trial.log(step, {"train/loss": 0.02 + falling, "grad_norm": 0.2 + falling})
        if trial.evaluates(step):
            rising = 0.002 * math.log2(width) * max(0, step - 40) / 10.0
            level = 0.2 + 0.03 * distance(trial, 0.02) - 0.005 * math.log2(width)
            loss = level + 0.6 * falling + rising + luck.gauss(0.0, 0.002)
            trial.report(step, {"valid/error": loss / 2.0, "valid/loss": loss})


def paused(trial: etude.Trial) -> None:
    """As `lead`, with checkpoints, so that a schedule can pause it."""
    trial.restore(lambda folder: (folder / "nothing").read_text())
    level = 0.1 + 0.05 * distance(trial, 0.01) + random.Random(trial.seed).gauss(0.0, 0.004)
    for step in trial.steps():
        falling = math.exp(-step / 40.0)
        trial.log(step, {"train/loss": level + falling, "grad_norm": 0.2 + falling})
        if trial.evaluates(step):
            trial.report(
                step,
                {"valid/error": level + 0.6 * falling},
                checkpoint=lambda folder: (folder / "nothing").write_text(""),
            )


def experiment(name: str, question: str, **given: Any) -> etude.Experiment:
    """An experiment of the gallery."""
    usual: dict[str, Any] = {"max_steps": 200, "evaluations": 40, "trials": 20}
    usual |= {"nuisance": {"learning_rate": RATE}, "metric": "valid/error"}
    return etude.Experiment(name=name, question=question, **usual | given)


EXPERIMENTS: dict[str, tuple[etude.Experiment, Callable[[etude.Trial], None]]] = {
    "lead": (
        experiment(
            "lead",
            "Does adam or sgd reach the lower error?",
            scientific={"optimizer": etude.Choice(["adam", "sgd"])},
        ),
        lead,
    ),
    "bound": (experiment("bound", "How low does the error get?"), bound),
    "breaks": (
        experiment(
            "breaks",
            "How low does the error get, with momentum tuned?",
            nuisance={"learning_rate": RATE, "momentum": etude.Real(0.5, 0.99)},
        ),
        breaks,
    ),
    "overfits": (
        experiment(
            "overfits",
            "Which width reaches the lowest error?",
            scientific={"width": etude.Choice([16, 64, 256], ordered=True)},
            trials=12,
        ),
        overfits,
    ),
    "schedule": (
        experiment("schedule", "How low does the error get?", trials=40, schedule="asha"),
        paused,
    ),
}


def demo(folder: Path) -> str:
    """The report of the demo, whose trials the tests keep."""
    path = folder / "etude.db"
    path.write_bytes(lzma.decompress(DEMO.read_bytes()))
    with closing(open_store(path, create=False)) as store:
        return etude.load(store, "optimizer").html()


def first_hour(folder: Path) -> str:
    """The report of the page with the same name."""
    command = [sys.executable, "-m", "etude"]
    studies = folder / "studies"  # its commands name the folder, as the page does
    studies.mkdir()
    for words in (["new", "first"], ["run", "first/experiment.toml"], ["report", "first"]):
        subprocess.run([*command, *words], cwd=studies, check=True, capture_output=True)
    return (studies / "first.html").read_text(encoding="utf-8")


def page(name: str, folder: Path) -> str:
    """The report of an experiment of the gallery, which is run."""
    if name == "demo":
        return demo(folder)
    if name == "first-hour":
        return first_hour(folder)
    asked, train = EXPERIMENTS[name]
    return etude.run(asked, train).html()


def picture(report: Path, to: Path, height: int = HEIGHT) -> None:
    """The top of a page as a picture of at most so many bytes.

    Raises:
        RuntimeError: Chromium is not there, or the picture is too large.
    """
    from PIL import Image  # noqa: PLC0415  # reports are made without it
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # nor with it

    browser = shutil.which("chromium")
    if browser is None:
        raise RuntimeError("Pictures need `chromium`, which is not there.")
    with sync_playwright() as started:
        launched = started.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = launched.new_page(viewport={"width": WIDTH, "height": height})
        page.goto(report.as_uri())
        page.wait_for_selector(".strip svg")  # on a busy machine it is drawn late
        page.wait_for_timeout(500)
        page.screenshot(path=to)
        launched.close()
    with Image.open(to) as image:
        few = image.convert("RGB").quantize(128, Image.Quantize.MAXCOVERAGE)  # keeps the rare red
        few.save(to, optimize=True)
    if to.stat().st_size > MOST_BYTES:
        raise RuntimeError(f"{to} has {to.stat().st_size:,} bytes, more than {MOST_BYTES:,}.")


def main(names: list[str]) -> None:
    """Makes these pictures, or all."""
    PICTURES.mkdir(exist_ok=True)
    for name in names or [*EXPERIMENTS, "demo", "first-hour"]:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / f"{name}.html"
            report.write_text(page(name, Path(folder)), encoding="utf-8")
            picture(report, PICTURES / f"{name}.png")
            if name == "demo":
                picture(report, DOCS / "report.png", README_HEIGHT)
        sys.stdout.write(f"{name}.png\n")


if __name__ == "__main__":
    main(sys.argv[1:])
