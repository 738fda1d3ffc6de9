"""A standard stream whose words are copied has all that the stream has, and outlives its block."""

import io
import logging
import subprocess
import sys

import pytest

from etude.runner.tee import copied


@pytest.fixture
def sink():
    return io.StringIO()


def test_what_is_written_in_the_block_is_shown_and_copied(sink, capsys):
    with copied("stdout", sink):
        print("a word")
        sys.stdout.writelines(["two ", "more\n"])
        sys.stdout.buffer.write(b"bytes\n")
    print("another")

    assert sink.getvalue() == "a word\ntwo more\nbytes\n"
    assert capsys.readouterr().out == f"{sink.getvalue()}another\n"


def test_a_stream_has_all_that_it_had(sink, capfd):
    before = (sys.stdout.fileno(), sys.stdout.encoding, sys.stdout.errors)

    with copied("stdout", sink):
        sys.stdout.reconfigure(line_buffering=True)
        during = (sys.stdout.fileno(), sys.stdout.encoding, sys.stdout.errors)
        subprocess.run([sys.executable, "-c", "print('a word')"], stdout=sys.stdout, check=True)

    assert during == before
    assert capfd.readouterr().out == "a word\n"


def test_a_stream_without_bytes_has_none_here_either(sink, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())

    with copied("stdout", sink):
        assert not hasattr(sys.stdout, "buffer")


@pytest.mark.parametrize(
    "end",
    [
        lambda stream: stream.close(),
        lambda stream: stream.buffer.close(),
        lambda stream: io.TextIOWrapper(stream.buffer, "utf-8").write("wrapped\n"),
        lambda stream: io.TextIOWrapper(stream.detach(), "utf-8").write("wrapped\n"),
        lambda stream: stream.__enter__().__exit__(),
    ],
    ids=["closed", "bytes closed", "wrapped", "detached", "left"],
)
def test_the_run_prints_on_whatever_is_closed_in_the_block(sink, capsys, end):
    with copied("stdout", sink):
        end(sys.stdout)
        print("in the block")
    print("the run")

    assert sink.getvalue().endswith("in the block\n")
    assert capsys.readouterr().out == f"{sink.getvalue()}the run\n"


def test_after_the_block_nothing_is_copied(sink, capsys):
    with copied("stderr", sink):
        handler = logging.StreamHandler()

    handler.handle(logging.makeLogRecord({"msg": "later"}))

    assert sink.getvalue() == ""
    assert capsys.readouterr().err == "later\n"


def test_what_outlives_its_block_is_copied_by_the_block_that_runs(sink, capsys):
    with copied("stderr", io.StringIO()):
        handler = logging.StreamHandler()

    with copied("stderr", sink):
        handler.handle(logging.makeLogRecord({"msg": "later"}))

    assert sink.getvalue() == "later\n"
    assert capsys.readouterr().err == "later\n"


def test_an_earlier_stream_that_is_set_again_shows_a_word_once(sink, capsys):
    with copied("stdout", io.StringIO()):
        earlier = sys.stdout

    with copied("stdout", sink):
        sys.stdout = earlier
        print("a word")

    assert capsys.readouterr().out == "a word\n"
