"""A small file is read whole; what is none, or has no end, is told."""

import os
from pathlib import Path

import pytest

from etude.errors import ExperimentError
from etude.experiment.small_file import bytes_of
from etude.experiment.toml.read import read


@pytest.fixture
def place(tmp_path):
    return tmp_path / "a.toml"


def mistake(place):
    with pytest.raises(ExperimentError) as refusal:
        read(place)
    (only,) = refusal.value.mistakes
    return only.message


def circle(place):
    place.symlink_to(place.name)


def sparse(place):
    place.touch()
    os.truncate(place, 1 << 30)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "it is a pipe, and no file"),
        (lambda place: place.symlink_to("/dev/zero"), "it is a device, and no file"),
        (lambda place: place.symlink_to("/dev/full"), "it is a device, and no file"),
        (os.mkdir, "is a folder"),
        (circle, "symbolic links"),
        (sparse, "it has more than 16 MB"),
        (lambda place: place.write_bytes("[experiment]".encode("utf-16")), "is no UTF-8 text"),
        (lambda place: place.write_bytes(b"\xff\n"), "is no UTF-8 text"),
    ],
)
def test_what_is_no_experiment_file_is_told(place, make, words):
    make(place)

    assert words in mistake(place)


def test_a_name_too_long_is_told(place):
    assert "File name too long" in mistake(place.with_name("x" * 300))


def test_a_name_that_no_file_has_is_told():
    with pytest.raises(OSError, match="no file can have such a name"):
        bytes_of(Path("a\0b"))


@pytest.mark.parametrize("lead", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_and_line_ends_of_windows_are_read(place, lead, end):
    lines = ["[experiment]", 'metric = "m"', "max_steps = 2", "trials = 3", ""]
    place.write_bytes((lead + end.join(lines)).encode())

    assert read(place).trials == 3
