"""The documents tell the truth: examples run, links lead somewhere, every command stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from docs.site import commands
from tests import pages
from tests.golden.endings import path_of

from etude.analyze.registry import CHECKS, NOT_CHECKED
from etude.experiment import Experiment
from etude.experiment.baseline import read_with_baseline
from etude.experiment.hyperparameter import ROLES
from etude.experiment.methods import METHODS
from etude.experiment.toml.read import loads
from etude.train.recipe import SCHEDULE_KEYS, recipe
from etude.train.schedules import SCHEDULES, Schedule

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_example_of_the_public_names_prints_its_answer() -> None:
    (code,) = blocks("docs/api.md", "python")
    (answer,) = blocks("docs/api.md", "text")

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == answer


def test_a_first_example_has_at_most_15_lines() -> None:
    (code,) = blocks("docs/api.md", "python")

    assert len([line for line in code.splitlines() if line.strip()]) <= 15


def test_the_readme_ends_as_the_demo_does() -> None:
    (ending,) = blocks("README.md", "text")
    (demo,) = re.findall(r"\$ etude run\n\n(.*?)\n\$ ", path_of("the demo").read_text(), re.DOTALL)

    assert re.sub(r"about \d+ (s|min)\b", "about <duration>", ending) == demo


def test_the_readme_is_read_in_three_minutes() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) < 700


def test_the_readme_says_in_five_rows_why_not_the_others() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \d", text, flags=re.MULTILINE)

    assert rows == ["Optuna", "Ray Tune", "Vizier", "Ax", "W&B Sweeps"]


def test_links_lead_somewhere() -> None:
    lost = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in DOCUMENTS
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]

    assert lost == []


def test_every_command_is_documented_by_its_own_help() -> None:
    assert commands.PAGE.read_text(encoding="utf-8") == commands.page()


def test_every_command_stands_in_one_list() -> None:
    by_hand = commands.PAGE.read_text(encoding="utf-8").partition(commands.MARK)[0]

    assert [name for name in commands.names() if f"etude {name}" not in by_hand] == []


@pytest.mark.parametrize("page", pages.pages())
def test_a_page_shows_what_its_commands_print(page: str, tmp_path: Path) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")

    now = pages.played(page, tmp_path, runner="inline")

    assert pages.differences(written, now) == []


def test_every_key_of_an_experiment_is_explained() -> None:
    text = (ROOT / "docs/experiment.md").read_text(encoding="utf-8")
    keys = [field.name for field in fields(Experiment) if field.name not in ROLES]

    assert [key for key in keys if f"`{key}`" not in text] == []


def test_the_documented_experiment_file_is_one() -> None:
    (text,) = blocks("docs/experiment.md", "toml")

    assert loads(text).name == "optimizer"


def test_the_documented_loop_of_ones_own_runs() -> None:
    (code,) = blocks("docs/searching.md", "python")

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "True\n"


def test_the_documented_search_and_schedule_are_an_experiment() -> None:
    (text,) = blocks("docs/searching.md", "toml")

    assert loads(text).schedule_options == {"eta": 3}


def test_every_search_schedule_and_option_is_explained() -> None:
    text = (ROOT / "docs/searching.md").read_text(encoding="utf-8")
    known = [name for methods in METHODS.values() for name in methods]
    options = [key for one in METHODS.values() for each in one.values() for key in each.options]

    assert [name for name in (*known, *options) if f"`{name}" not in text] == []


def test_every_schedule_of_the_loop_and_each_of_its_keys_is_explained() -> None:
    text = (ROOT / "docs/learning-rate.md").read_text(encoding="utf-8")

    assert [name for name in (*SCHEDULES, *SCHEDULE_KEYS) if f"`{name}`" not in text] == []


def documented_schedule(folder: Path, text: str) -> Schedule:
    (folder / "documented.toml").write_text(text)
    usual = {"optimizer": "sgd", "learning_rate": 1.0, "batch_size": 1}
    experiment, _ = read_with_baseline(folder / "documented.toml")
    return recipe({**usual, **experiment.fixed}, experiment.max_steps).schedule


def test_the_documented_schedules_are_those_that_the_loop_reads(tmp_path: Path) -> None:
    (table,) = blocks("docs/learning-rate.md", "text")
    plain, written, named = blocks("docs/learning-rate.md", "toml")
    (tmp_path / "steps.csv").write_text(table)
    head = '[experiment]\nmetric = "valid/error"\nmax_steps = 9000\ntrials = 4\n'

    schedules = [documented_schedule(tmp_path, head + block) for block in (plain, written, named)]

    assert schedules[0].factors(0, 200).max() == 1.0
    assert schedules[1] == schedules[2]
    assert schedules[1].factors(2999, 3001).tolist() == [1.0, 0.1]


def answered(document: str) -> list[tuple[str, str]]:
    """The Python blocks of a document that are followed by what they print."""
    text = (ROOT / document).read_text(encoding="utf-8")
    pattern = r"```python\n(.*?)```\n\n```text\n(.*?)```"
    return re.findall(pattern, text, flags=re.DOTALL)


@pytest.mark.parametrize("example", answered("docs/pipeline.md"), ids=lambda one: one[0][:40])
def test_an_example_of_the_pipeline_prints_its_answer(example: tuple[str, str]) -> None:
    code, answer = example

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == answer


def test_contributing_has_fewer_than_50_lines() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) < 50


def test_every_check_is_explained() -> None:
    text = (ROOT / "docs" / "checking.md").read_text()

    assert [check.name for check in CHECKS if f"`{check.name}`" not in text] == []


def test_what_no_check_can_see_is_said() -> None:
    text = (ROOT / "docs" / "checking.md").read_text()

    assert {rule for rule in NOT_CHECKED if f"({rule})" not in text} == set()
