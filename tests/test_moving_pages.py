"""The pages for people who come from other tools: their studies run, before and after."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest
from tests.pages import changed

import etude.cli

ROOT = Path(__file__).parents[1]
OF_NO_GPU = pytest.mark.filterwarnings("ignore:.*pin_memory")


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where a person works."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "fits", raising=False)  # another test's script
    return tmp_path


@pytest.fixture
def etude_command(monkeypatch, capsys):
    """Types a command in this process, which has the page's libraries; what it says."""

    def typed(*words):
        monkeypatch.setattr(sys, "argv", ["etude", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            etude.cli.main()
        said = capsys.readouterr()
        assert not left.value.code, said.err[-2000:]
        return said.out

    return typed


def test_the_study_of_ray_tune_runs_with_etude(etude_command, folder):
    _, train, _ = blocks("from-ray-tune.md", "python")
    (file,) = blocks("from-ray-tune.md", "toml")
    (folder / "train.py").write_text(train)
    (folder / "experiment.toml").write_text(file)

    assert "etude next" in etude_command("run", "experiment.toml", "--runner", "inline")


@OF_NO_GPU
def test_the_script_with_a_trainer_is_searched_by_its_own_method(folder, capsys):
    script, _ = blocks("from-hf-search.md", "python")
    before, _ = blocks("from-hf-search.md", "diff")
    (folder / "fits.py").write_text(changed(script, before))

    runpy.run_path("fits.py", run_name="__main__")

    assert "BestRun(" in capsys.readouterr().out


@OF_NO_GPU
def test_the_script_with_a_trainer_is_searched_by_etude_in_both_ways(etude_command, folder):
    script, fit = blocks("from-hf-search.md", "python")
    _, after = blocks("from-hf-search.md", "diff")
    (folder / "fits.py").write_text(script)
    named = etude_command("new", "around", "--from", "fits.py")
    (folder / "fits.py").write_text(changed(script, after))
    (folder / "around" / "train.py").write_text(fit)
    file = folder / "around" / "experiment.toml"
    short = file.read_text().replace("max_steps = 100", "max_steps = 8")
    short = short.replace("trials = 12", "trials = 1").replace(
        "evaluations = 10", "evaluations = 2"
    )
    file.write_text(short)
    file.with_name("fit.toml").write_text(
        short.replace('"around"', '"fit"').replace("../fits.py:main", "train.py:train")
    )
    (folder / "around" / "fits.py").write_text(script)

    etude_command("run", str(file), "--runner", "inline")
    etude_command("run", str(file.with_name("fit.toml")), "--runner", "inline")

    added = [line[1:].strip() for line in after.splitlines() if line.startswith("+")]
    assert [line for line in added if line not in named] == []
    log = etude_command("log")
    assert "around" in log
    assert "fit" in log
