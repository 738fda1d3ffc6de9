"""The pages for people who come from other tools: their studies run, before and after."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# One cluster with one processor, and nothing of it said elsewhere.
RAY = "import ray\nray.init('local', num_cpus=1, include_dashboard=False, log_to_driver=False)\n"


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def changed(text: str, diff: str) -> str:
    """The text after a block of differences, whose lines come in their order."""
    lines, at = text.splitlines(), 0
    for line in diff.splitlines():
        mark, content = line[0], line[1:]
        if mark == "+":
            lines.insert(at, content)
            at += 1
            continue
        at = lines.index(content, at)
        if mark == "-":
            del lines[at]
        else:
            at += 1
    return "\n".join(lines) + "\n"


def ran(folder: Path, *words: str) -> str:
    own = {"HOME": str(folder), "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    quiet = {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, **own, **quiet},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_the_study_of_ray_tune_runs_and_stays_with_settings_of_etude(tmp_path):
    before, _, stay = blocks("from-ray-tune.md", "python")

    said = ran(tmp_path, "-c", RAY + (before + stay).replace("/tmp/ray", str(tmp_path)))

    assert "'learning_rate': " in said
    assert said.splitlines()[-1] == "4"


@pytest.mark.slow
def test_the_study_of_ray_tune_runs_with_etude(tmp_path):
    _, train, _ = blocks("from-ray-tune.md", "python")
    (file,) = blocks("from-ray-tune.md", "toml")
    (tmp_path / "train.py").write_text(train)
    (tmp_path / "experiment.toml").write_text(file)

    said = ran(tmp_path, "-m", "etude", "run", "experiment.toml", "--runner", "inline")

    assert "etude next" in said


@pytest.mark.slow
def test_the_script_with_a_trainer_is_searched_by_its_own_method(tmp_path):
    script, _ = blocks("from-hf-search.md", "python")
    before, _ = blocks("from-hf-search.md", "diff")
    (tmp_path / "fits.py").write_text(changed(script, before))

    assert "BestRun(" in ran(tmp_path, "fits.py")


@pytest.mark.slow
def test_the_script_with_a_trainer_is_searched_by_etude_in_both_ways(tmp_path):
    script, fit = blocks("from-hf-search.md", "python")
    _, after = blocks("from-hf-search.md", "diff")
    (tmp_path / "fits.py").write_text(script)
    named = ran(tmp_path, "-m", "etude", "new", "around", "--from", "fits.py")
    (tmp_path / "fits.py").write_text(changed(script, after))
    (tmp_path / "around" / "train.py").write_text(fit)
    file = tmp_path / "around" / "experiment.toml"
    short = file.read_text().replace("max_steps = 100", "max_steps = 8")
    short = short.replace("trials = 12", "trials = 1").replace(
        "evaluations = 10", "evaluations = 2"
    )
    file.write_text(short)
    file.with_name("fit.toml").write_text(
        short.replace('"around"', '"fit"').replace("../fits.py:main", "train.py:train")
    )
    (tmp_path / "around" / "fits.py").write_text(script)

    ran(tmp_path, "-m", "etude", "run", str(file), "--runner", "inline")
    ran(tmp_path, "-m", "etude", "run", str(file.with_name("fit.toml")), "--runner", "inline")

    added = [line[1:].strip() for line in after.splitlines() if line.startswith("+")]
    assert [line for line in added if line not in named] == []
    log = ran(tmp_path, "-m", "etude", "log")
    assert "around" in log
    assert "fit" in log
