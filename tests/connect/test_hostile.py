"""Folders that want to do harm, or that nobody meant: they are refused in words, and soon."""

import re
import resource

import pytest
from tests.connect.csv_folders import csv_folder, import_result, import_source
from tests.connect.hostile_files import zeros

from etude.connect.parsing import files
from etude.errors import ImportFileError

EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'
TRIALS = "trial,lr\na,0.1\nb,0.2\n"
CURVES = "trial,step,metric,value\na,9,valid/error,0.5\nb,9,valid/error,0.25\n"


@pytest.fixture
def source(tmp_path):
    return csv_folder(tmp_path / "source", TRIALS, CURVES)


@pytest.mark.parametrize("file", ["trials.csv", "curves.csv", "space.toml"])
def test_a_gigabyte_of_zeros_is_refused_in_little_memory(source, file):
    zeros(source / file)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(ImportFileError, match=r"MB"):
        import_source(source)

    # In kB: a few lines of the longest length.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_line_without_an_end_is_refused(source, monkeypatch):
    monkeypatch.setattr(files, "MAX_LINE_BYTES", 1000)
    (source / "curves.csv").write_text(CURVES + "a" * 2000)

    with pytest.raises(ImportFileError, match=r"line 4, is longer than"):
        import_source(source)


@pytest.mark.parametrize("file", ["trials.csv", "curves.csv", "space.toml"])
def test_a_link_out_of_the_folder_is_not_followed(source, tmp_path, file):
    secret = tmp_path / "secret"
    secret.write_text(TRIALS)
    (source / file).unlink(missing_ok=True)
    (source / file).symlink_to(secret)

    with pytest.raises(ImportFileError, match="leads out of its folder"):
        import_source(source)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"trial,lr\n\xff\xfe,1\n", "is not UTF-8 text"),
        (b"trial,lr\na\0,1\n", "zero bytes"),
        (b'trial,lr\n"a,1\n' + b"x" * 200_000, "no CSV"),
        (b"", "no column `trial`"),
        (b"trial,trial\na,b\n", "stands there 2 times"),
    ],
)
def test_what_is_no_table_is_refused(source, text, what):
    (source / "trials.csv").write_bytes(text)

    with pytest.raises(ImportFileError, match=what):
        import_source(source)


def test_html_in_names_reaches_the_report_as_text(tmp_path):
    cell = '"' + EVIL.replace('"', '""') + '"'
    trials = f"trial,{cell},optimizer,beta\n" + "".join(
        f"{cell if at == 0 else at},{at / 10},{cell if at % 2 else 'sgd'},{at if at % 2 else ''}\n"
        for at in range(12)
    )
    curves = "trial,step,metric,value\n" + "".join(
        f"{cell if at == 0 else at},{step},{cell},{at + step}\n"
        for at in range(12)
        for step in (1, 2)
    )
    source = csv_folder(tmp_path / "evil", trials, curves)

    page = import_result(source, EVIL).html()

    assert "alert(" in page
    assert re.findall(r"<script>alert|<img src=x", page) == []


def test_what_controls_a_terminal_is_gone_from_every_name(tmp_path):
    source = csv_folder(
        tmp_path / "s",
        "trial,lr\x1b[2J,opt\na\x07,0.1,x\x1b[31m\nb,0.2,y\u202e\n",
        "trial,step,metric,value\na\x07,9,valid/error\x1b,0.5\n",
    )

    result = import_result(source, "valid/error\ufffd")

    assert [one.name for one in result.records] == ["a\ufffd", "b"]
    assert result.records[0].setting == {"lr\ufffd[2J": 0.1, "opt": "x\ufffd[31m"}
    assert len(result.records[0].series("valid/error\ufffd")) == 1


def test_a_hyperparameter_of_a_reserved_name_stays_apart(tmp_path):
    source = csv_folder(tmp_path / "s", "trial,when,lr\na,1,0.1\nb,2,0.2\n", CURVES)
    summary, store = import_source(source)

    assert "rename it" in summary.apart["when"]
    assert store.records("it")[0].setting == {"when": 1, "lr": 0.1}


@pytest.mark.parametrize(
    "cells", ["nan,nan", "inf,1", "1e308,-1e308", "1e-320,1", "0,0", "1,a" + "x" * 300, "-0.0,0.0"]
)
def test_no_value_of_a_hyperparameter_breaks_an_import(tmp_path, cells):
    one, other = cells.split(",")
    source = csv_folder(tmp_path / "s", f"trial,x\na,{one}\nb,{other}\n", CURVES)

    assert import_result(source).findings
