"""What docs/pipeline.md shows of batch norm and of several hosts."""

import re
import subprocess
import sys
import types
from pathlib import Path

import etude

PAGE = (Path(__file__).parents[1] / "docs" / "pipeline.md").read_text(encoding="utf-8")


def blocks(title: str, language: str) -> list[str]:
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(f"{title}\n")]
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def files_of_hosts(folder: Path) -> Path:
    (code,) = blocks("Several hosts", "python")
    (experiment,) = blocks("Several hosts", "toml")
    (folder / "train.py").write_text(code)
    (folder / "ranks.toml").write_text(experiment)
    return folder / "ranks.toml"


def test_the_example_of_batch_norm_prints_its_answer():
    (code,) = blocks("Batch norm", "python")
    (answer,) = blocks("Batch norm", "text")

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == answer


def test_the_example_of_hosts_trains_on_two_ranks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = etude.run(files_of_hosts(tmp_path), runner="inline")

    assert [one.status for one in result.records] == ["completed"]
    assert len(result.records[0].series("valid/error")) == 4


def test_ranks_find_a_training_file_though_another_had_its_name_first(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "train", types.ModuleType("train"))
    monkeypatch.chdir(tmp_path)

    result = etude.run(files_of_hosts(tmp_path), runner="inline")

    assert [one.status for one in result.records] == ["completed"]


def test_the_example_of_hosts_trains_under_torchrun(tmp_path):
    files_of_hosts(tmp_path)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]

    ran = subprocess.run([*command, "train.py"], cwd=tmp_path, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1:] == ["1 trial of 2 ranks"]
