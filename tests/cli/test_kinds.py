"""The kinds of `etude new`: each is written, planned and, where its data are there, trained."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import pytest

from etude.cli.kinds import KINDS, chosen, texts
from etude.errors import RunError
from etude.playbook.catalogue import known
from etude.train.optimizers import OPTIMIZERS

PAIRS = [(kind, one) for kind, entry in KINDS.items() for one in entry.frameworks]
READY = [pair for pair in PAIRS if KINDS[pair[0]].is_ready]
OTHERS = [kind for kind, entry in KINDS.items() if not entry.is_ready]


def question(kind, framework):
    return tomllib.loads(texts(kind, framework)["experiment.toml"])


@pytest.mark.parametrize(("kind", "framework"), PAIRS)
def test_every_template_is_written_and_planned(folder, etude_command, kind, framework):
    written = etude_command("new", "first", "--kind", kind, "--framework", framework)
    planned = etude_command("plan", "first/experiment.toml", "--json")

    assert (written.code, planned.code) == (0, 0)
    assert {one.name for one in (folder / "first").iterdir()} == {
        "experiment.toml",
        "train.py",
        KINDS[kind].data,
    }
    assert [one for one in planned.json["findings"] if one["status"] == "problem"] == []
    unnamed = [one for one in planned.json["findings"] if one["check"] == "unnamed"]
    assert [one for one in unnamed if one["evidence"].get("kind") != kind] == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.rule("S2")
def test_all_of_the_optimizer_is_named_and_only_its_rate_is_free(kind):
    file = question(kind, "torch")
    needs = OPTIMIZERS[file["fixed"]["optimizer"]].needs

    assert set(needs) <= file["fixed"].keys()
    assert list(file["nuisance"]) == ["learning_rate"]
    assert "schedule" not in file["fixed"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.rule("S11", "S16")
def test_every_file_declares_chance_and_asks_the_four_questions(kind):
    text = texts(kind, "torch")["experiment.toml"]

    assert question(kind, "torch")["experiment"]["chance"] > 0
    assert re.findall(r"^#   (\d)\. ", text, re.MULTILINE) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_says_its_kind(kind):
    assert question(kind, "torch")["experiment"]["kind"] == kind


@pytest.mark.parametrize(("kind", "framework"), PAIRS)
@pytest.mark.rule("S1")
def test_every_training_names_the_source_of_its_architecture(kind, framework):
    head = texts(kind, framework)["train.py"].split('"""')[1]

    assert re.search(r"\(S1\)", head)
    assert re.search(r"(19|20)\d\d,", head)


@pytest.mark.parametrize("kind", KINDS)
def test_the_catalogue_knows_what_is_fixed(kind):
    unknown = [name for name in question(kind, "torch")["fixed"] if known(name) is None]

    assert unknown == []


@pytest.mark.parametrize(("kind", "framework"), READY)
def test_what_has_its_data_trains_saves_and_has_a_next_round(
    folder, etude_command, kind, framework
):
    etude_command("new", "first", "--kind", kind, "--framework", framework)
    file = folder / "first" / "experiment.toml"
    short = re.sub(r"(?m)^max_steps = \d+ *", "max_steps = 2 ", file.read_text())
    short = re.sub(r"(?m)^trials = \d+ *", "trials = 1 ", short)
    file.write_text(re.sub(r"(?m)^evaluations = \d+ *", "evaluations = 1 ", short))

    run = etude_command("run", file, "--runner", "inline")
    following = etude_command("next", "first", "--seeds", "2")

    assert (run.code, following.code) == (0, 0)
    assert list(folder.glob("etude.db.checkpoints/first/*/1"))
    assert list(folder.rglob("first-*.toml"))


@pytest.mark.parametrize("kind", OTHERS)
def test_what_lacks_its_data_says_so_when_written_and_before_a_trial(folder, etude_command, kind):
    written = etude_command("new", "first", "--kind", kind)
    run = etude_command("run", "first/experiment.toml", "--runner", "inline")

    assert f"fill in `load` in first/{KINDS[kind].data}" in " ".join(written.out.split())
    assert f"Fill in `load` in {KINDS[kind].data}" in run.err
    assert run.code == 3
    assert etude_command("log", "--json").json["experiments"][0]["best"]["value"] is None


def test_a_kind_and_a_framework_that_are_misspelt_are_both_told():
    with pytest.raises(RunError, match=r"`tabluar`.*`tabular`.*`torhc`.*`torch`"):
        chosen("tabluar", "torhc")


def test_a_pair_that_is_not_written_names_those_that_are():
    with pytest.raises(RunError, match=r"`speech` is not written for `jax`.*`--framework torch`"):
        chosen("speech", "jax")


def test_what_is_not_installed_is_said_without_importing(monkeypatch):
    monkeypatch.setattr("etude.cli.kinds.find_spec", lambda name: None)

    assert KINDS["image-classification"].lacks("function") == ["pip install scikit-learn"]
    assert KINDS["tabular"].lacks("torch") == ["pip install 'etude[torch]'"]


def test_no_stored_file_belongs_to_no_kind():
    stored = {
        (folder.name, file.name)
        for folder in (files("etude.cli") / "first").iterdir()
        if folder.name in KINDS
        for file in folder.iterdir()
        if file.name != "__pycache__"
    }

    assert stored == {
        (kind, name)
        for kind, entry in KINDS.items()
        for name in (
            "experiment.toml",
            entry.data,
            *(f"train_{one}.py" for one in entry.frameworks),
        )
    }
