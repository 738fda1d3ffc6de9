"""The name under which a user's file is imported, and what it sees of the command line."""

import sys

import pytest

from etude.runner.packages import dotted_name
from etude.runner.user_code import train_function

TRAIN = "\n\ndef train(trial):\n    return RATE\n"


@pytest.fixture(autouse=True)
def imports(monkeypatch):
    """Puts back the path and the modules that a test imported."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def written(folder, files):
    for parts, text in files.items():
        path = file_of(*parts, folder=folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def file_of(*parts, folder):
    return folder.joinpath(*parts).with_suffix(".py")


def trained(folder, *parts):
    """What the train function of a file returns, its path as an experiment in `folder` has it."""
    return train_function(f"{file_of(*parts, folder=folder).relative_to(folder)}:train", folder)(
        None
    )


ABSOLUTE = "from package_of_mine.settings import RATE" + TRAIN
RELATIVE = "from .settings import RATE" + TRAIN
BESIDE = "from settings_of_mine import RATE" + TRAIN
SETTINGS = "RATE = 0.5\n"


@pytest.mark.parametrize("has_init", [True, False], ids=["package", "folder"])
@pytest.mark.parametrize("train", [ABSOLUTE, RELATIVE], ids=["absolute", "relative"])
def test_a_package_is_imported_from_the_folder_above(tmp_path, train, has_init):
    inits = {("package_of_mine", "__init__"): ""} if has_init else {}
    files = {
        ("package_of_mine", "train"): train,
        ("package_of_mine", "settings"): SETTINGS,
        **inits,
    }
    written(tmp_path, files)

    assert trained(tmp_path, "package_of_mine", "train") == 0.5
    assert "package_of_mine.train" in sys.modules


@pytest.mark.parametrize("train", [ABSOLUTE, RELATIVE], ids=["absolute", "relative"])
def test_a_package_is_imported_from_within(tmp_path, train):
    folder = tmp_path / "package_of_mine"
    written(folder, {("__init__",): "", ("train",): train, ("settings",): SETTINGS})

    assert trained(folder, "train") == 0.5


def test_a_package_of_packages_keeps_its_whole_name(tmp_path):
    written(
        tmp_path,
        {
            ("outer_of_mine", "__init__"): "",
            ("outer_of_mine", "settings"): SETTINGS,
            ("outer_of_mine", "inner", "__init__"): "",
            ("outer_of_mine", "inner", "train"): "from ..settings import RATE" + TRAIN,
        },
    )

    assert trained(tmp_path, "outer_of_mine", "inner", "train") == 0.5


def test_a_file_beside_is_imported_as_before(tmp_path):
    written(tmp_path, {("scripts", "train"): BESIDE, ("scripts", "settings_of_mine"): SETTINGS})

    assert trained(tmp_path, "scripts", "train") == 0.5


def test_a_package_beside_the_experiment_is_found_from_a_folder_of_scripts(tmp_path):
    written(tmp_path, {("scripts", "train"): ABSOLUTE, ("package_of_mine", "settings"): SETTINGS})

    assert trained(tmp_path, "scripts", "train") == 0.5


def test_a_file_of_its_own_is_no_module_of_a_package(tmp_path):
    written(tmp_path, {("mine", "__init__"): "raise ValueError", ("mine", "train"): "import math"})

    assert dotted_name(file_of("mine", "train", folder=tmp_path), tmp_path)[0] == "train"


def test_a_package_of_a_name_that_is_taken_is_left_alone(tmp_path):
    written(tmp_path, {("json", "__init__"): "", ("json", "train"): "from json import dumps"})

    assert dotted_name(file_of("json", "train", folder=tmp_path), tmp_path)[0] == "train"


def test_a_parser_sees_no_argument_of_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["etude", "run", "experiment.toml"])
    parser = "import argparse\nRATE = vars(argparse.ArgumentParser().parse_args())\n"
    written(tmp_path, {("parses",): parser + TRAIN})

    assert trained(tmp_path, "parses") == {}
    assert sys.argv[1:] == ["run", "experiment.toml"]


def test_a_parsers_own_words_are_kept(tmp_path, capsys):
    lines = [
        "import argparse",
        "parser = argparse.ArgumentParser()",
        "parser.add_argument('--data', required=True)",
        "parser.parse_args()",
    ]
    written(tmp_path, {("asks",): "\n".join(lines) + TRAIN})

    with pytest.raises(SystemExit) as left:
        trained(tmp_path, "asks")

    (note,) = left.value.__notes__
    assert note.endswith("asks.py: error: the following arguments are required: --data")
    assert capsys.readouterr().err.strip() == note


def test_a_folder_called_like_an_installed_package_is_no_package(tmp_path):
    folder = tmp_path / "project" / "xmlrpc"
    written(folder, {("train_of_mine",): f"import xmlrpc.client\nRATE = 0.5{TRAIN}"})

    assert trained(folder, "train_of_mine") == 0.5
