"""The contract of a reader, which every kind in `READERS` keeps, and what must exist for a kind."""

import re
from pathlib import Path
from typing import get_args

import pytest
from tests.connect.csv_folders import import_source, shared_data
from tests.connect.hostile_files import zeros
from tests.connect.sources import SETTINGS, SOURCES, STEP, VALUES

from etude import connect
from etude.cli import import_
from etude.connect import READERS, detection, reader
from etude.connect.base import ReadRequest
from etude.connect.detection import detect_kind
from etude.errors import ImportFileError

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "importing.md").read_text(encoding="utf-8")
# Modules and folders of `connect` that are no reader.
STAGES = {
    "assembly",
    "base",
    "detection",
    "huggingface",
    "importer",
    "parsing",
    "renaming",
    "tables",
}
REQUEST = ReadRequest(metric="valid/error")

of_every_kind = pytest.mark.parametrize("kind", READERS)


@pytest.fixture
def source(kind, tmp_path):
    return SOURCES[kind](tmp_path / "source")


@pytest.fixture(autouse=True)
def place(tmp_path):
    (tmp_path / "source").mkdir()


def files_of(source):
    return {path: path.read_bytes() for path in source.rglob("*") if path.is_file()} or {
        source: source.read_bytes()
    }


def messages_of(kind, source):
    """What a person is told of a source: the refusal, or what was left out."""
    try:
        return [text for study in reader(kind)(source, REQUEST) for text in study.left_out]
    except ImportFileError as error:
        return [str(error)]


def trials_of(kind, source):
    try:
        return [study.trials for study in reader(kind)(source, REQUEST)]
    except ImportFileError:
        return []


# --- what must exist for a kind


def test_a_reader_is_found_by_name():
    assert reader("csv").__module__ == "etude.connect.csv"


def test_a_kind_without_a_reader_is_told_with_those_there_are():
    with pytest.raises(ImportFileError, match=r"no reader for `optna`. Did you mean `optuna`"):
        reader("optna")


def test_every_module_that_reads_is_in_the_registry():
    folder = Path(connect.__file__).parent
    modules = {path.stem for path in folder.iterdir() if not path.stem.startswith("__")}

    assert modules - STAGES == set(READERS)


def test_every_reader_has_tests_of_its_own():
    without = [
        kind
        for kind in READERS
        if not (HERE / f"test_{kind}.py").exists() and not list((HERE / kind).glob("test_*.py"))
    ]

    assert without == []


def test_every_reader_has_a_source_for_the_contract():
    assert list(SOURCES) == list(READERS)


def test_every_reader_has_a_row_on_the_page():
    assert [kind for kind in READERS if f"| `{kind}` |" not in PAGE] == []


def test_the_marks_of_a_source_are_those_of_a_reader():
    assert {kind for kind, _ in detection._MARKS} <= set(READERS)


def test_no_row_of_the_page_is_without_a_reader():
    table = PAGE.partition("| kind | source |")[2].partition("\n\n")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) != []
    assert set(re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)) == set(READERS)


def test_the_help_of_the_command_names_every_kind():
    _, argument = get_args(import_._Kind)  # the help has no public name

    assert re.findall(r"\b(?!or\b)\w+", argument.help) == list(READERS)


# --- what every reader does


@of_every_kind
def test_trials_arrive_with_their_settings_and_values(kind, source):
    (study,) = reader(kind)(source, REQUEST)

    assert [trial.setting for trial in study.trials] == list(SETTINGS.values())
    rows = {(STEP, metric, value) for metric, value in VALUES.items()}
    assert [trial.name for trial in study.trials if not rows <= set(trial.rows)] == []


@of_every_kind
def test_names_are_changed_and_left_out_and_those_left_out_are_known(kind, source):
    request = ReadRequest(
        metric="error",
        renames={"learning_rate": "rate", "valid/error": "error"},
        ignored_names=frozenset({"width", "noise", "misspelt"}),
    )

    (study,) = reader(kind)(source, request)

    assert [list(trial.setting) for trial in study.trials] == [["rate"], ["rate"]]
    metrics = {name for trial in study.trials for _, name, _ in trial.rows}
    assert metrics - {"intermediate"} == {"error"}
    assert request.names_met == {"width", "noise"}


@of_every_kind
def test_the_same_source_is_read_the_same_and_stays_as_it_is(kind, source):
    before = files_of(source)

    first, second = reader(kind)(source, REQUEST), reader(kind)(source, REQUEST)

    assert first == second
    assert files_of(source) == before


@of_every_kind
def test_a_study_that_is_not_there_is_refused(kind, source):
    with pytest.raises(ImportFileError, match="no study `nowhere`"):
        import_source(source, kind=kind, study="nowhere")


@of_every_kind
def test_a_source_that_is_not_there_is_told(kind, tmp_path):
    with pytest.raises(ImportFileError, match=r"There is no `.*nowhere`"):
        import_source(tmp_path / "nowhere", kind=kind)


@of_every_kind
def test_an_empty_folder_is_refused(kind, tmp_path):
    with pytest.raises(ImportFileError):
        reader(kind)(tmp_path / "source", REQUEST)


@of_every_kind
def test_a_source_is_known_as_its_kind(kind, source):
    assert detect_kind(source) == kind


@of_every_kind
def test_a_source_of_another_kind_is_refused_with_the_right_kind(kind, source):
    misled = []
    for other in (name for name in READERS if name != kind):
        with pytest.raises(ImportFileError) as refusal:
            import_source(source, kind=other)
        if f"It looks like `{kind}`: etude import {kind}." not in str(refusal.value):
            misled.append((other, str(refusal.value)))

    assert misled == []


@of_every_kind
def test_a_gigabyte_of_zeros_for_any_file_is_told(kind, source):
    silent = []
    for path, content in files_of(source).items():
        zeros(path)
        text = " ".join(messages_of(kind, source))
        if path.name not in text and str(path.parent) not in text:
            silent.append((path, text))
        path.write_bytes(content)

    assert silent == []


@of_every_kind
def test_a_link_out_of_the_folder_is_as_a_file_that_is_not_there(kind, source, tmp_path):
    followed = []
    # A source that is a file is what the person named, wherever it leads.
    for path, content in files_of(source).items() if source.is_dir() else ():
        outside = tmp_path / "outside"
        outside.write_bytes(content)
        path.unlink()
        without = trials_of(kind, source)
        path.symlink_to(outside)
        if trials_of(kind, source) != without:
            followed.append(path)
        path.unlink()
        path.write_bytes(content)

    assert followed == []


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        ("SMAC3v2", "a SMAC3 run folder"),
        ("BOHB", "a BOHB run folder"),
        ("DeepCAVE", "a DeepCAVE run folder"),
        ("AMLTK", "an AMLTK run folder"),
        ("DataFrame", "a folder of tables for DeepCAVE"),
    ],
)
def test_tools_without_a_reader_are_refused_by_name_for_every_kind(tool, message):
    source = shared_data("originals", "other_tools_deepcave", tool)
    refusals = {}
    for kind in READERS:
        with pytest.raises(ImportFileError) as refusal:
            import_source(source, kind=kind)
        refusals[kind] = str(refusal.value)

    wrong = [
        kind
        for kind, text in refusals.items()
        if f"is {message}, which Etude does not read; export it" not in text
    ]
    assert wrong == []
