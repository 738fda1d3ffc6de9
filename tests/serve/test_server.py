"""A server that is started, left, and started again, while its store goes on."""

import threading
import time

import pytest
from tests.serve.serving import LIMIT_S, made_page
from tests.store.sample import finished

from etude.errors import RunError
from etude.event import Began, Ended, Logged
from etude.serve import reader as of_readers
from etude.serve.server import LiveServer, Place
from etude.store.follow import Follow


def reported(value):
    return lambda said: any(one["value"] == value for one in said.get("trials", []))


@pytest.mark.kills
def test_a_report_is_in_the_stream_within_a_second(served):
    served.happens(Began(0, 0))
    with served.stream() as stream:
        stream.until(lambda said: said.get("trials"))
        begin_s = time.monotonic()
        served.happens(Logged(0, ((3, "valid/loss", 0.25),)))

        said = stream.until(reported("0.25"))

        assert time.monotonic() - begin_s < 1.0
    assert (said["trials"][0]["step"], said["trials"][0]["of"]) == (4, 8)
    assert said["last"]["text"] == "Trial 0 reported 0.25 at step 4"
    assert said["curves"][0]["points"] == [[3, 0.25]]


def test_an_end_is_told_with_what_it_means(served):
    with served.stream() as stream:
        stream.until(lambda said: "studies" in said)
        served.happens(*finished(0, 0.5))

        said = stream.until(lambda said: said["ended"] == 1)

    assert said["last"]["text"] == "Trial 0 ended at 0.5, the best of its study"
    assert (said["left"], said["running"]) == (2, False)
    (study,) = said["studies"]
    assert (study["ended"], study["of"], study["best"], study["trial"]) == (1, 3, "0.5", 0)


def test_each_connection_begins_with_all_that_holds(served):
    served.happens(*finished(0, 0.5))
    with served.stream() as first:
        first.until(lambda said: said.get("ended") == 1)
    with served.stream() as second:
        said = second.until(lambda said: True)

    assert said["ended"] == 1


def test_a_server_that_is_started_again_knows_its_browsers_and_goes_on(served):
    with served.stream() as stream:
        stream.until(lambda said: "ended" in said)
        served.stop()
        kinds = [kind for kind, _ in stream.events()]
    served.happens(*finished(0, 0.5))
    served.start()

    with served.stream() as again:
        said = again.until(lambda said: "ended" in said)

    assert kinds[-1] == "end"
    assert said["ended"] == 1


def test_one_reader_reads_the_store_however_many_look_on(served, monkeypatch):
    opened = []

    def follow(path, name):
        opened.append(name)
        return Follow(path, name)

    monkeypatch.setattr(of_readers, "Follow", follow)
    streams = [served.stream() for _ in range(20)]
    served.happens(Began(0, 0), Logged(0, ((3, "valid/loss", 0.25),)))

    said = [stream.until(reported("0.25")) for stream in streams]

    [stream.__exit__() for stream in streams]
    assert len(said) == 20
    assert opened == ["rates"]
    assert [thread.name for thread in threading.enumerate()].count("etude live") == 1


def test_a_store_that_is_lost_is_said_and_found_again(served):
    with served.stream() as stream:
        stream.until(lambda said: "ended" in said)
        aside = served.path.with_name("aside.db")
        served.path.rename(aside)
        lost = stream.until(lambda said: said["trouble"])
        aside.rename(served.path)

        said = stream.until(lambda said: not said["trouble"])

    assert "etude.db" in lost["trouble"]
    assert said["ended"] == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_that_stops_says_so_to_all_that_look_on(served, monkeypatch):
    with served.stream() as stream:
        stream.until(lambda said: "ended" in said)
        monkeypatch.setattr(of_readers, "as_json", {}.__getitem__)

        served.happens(*finished(0, 0.5))
        *_, last = stream.events()

    assert last == (
        "end",
        {"text": "The reader stopped, which is a bug: start `etude serve` again."},
    )


def test_an_experiment_that_nobody_looks_at_is_let_go_and_found_again(served, monkeypatch):
    is_closed, close = threading.Event(), Follow.close

    def closing(follow):
        close(follow)
        is_closed.set()

    with served.stream() as stream:
        stream.until(lambda said: "ended" in said)
    with monkeypatch.context() as patch:
        patch.setattr(Follow, "close", closing)
        patch.setattr(of_readers, "_UNASKED_S", 0.0)
        assert is_closed.wait(LIMIT_S)
    served.happens(*finished(0, 0.5))

    with served.stream() as again:
        assert again.until(lambda said: said.get("ended") == 1)


def test_what_is_in_a_name_stays_on_the_line_of_its_event(served):
    text = '</script><img src=x onerror="alert(1)">\u2028\r\ndata: {}\n\nevent: end'
    served.happens(Began(0, 0), Ended(0, "infeasible", reason=text))
    with served.stream() as stream:
        said = stream.until(lambda said: said.get("ended") == 1)

    assert said["studies"][0]["infeasible"] == 1
    lines = "".join(stream.texts).splitlines()
    assert all(line.split(":")[0] in {"id", "event", "data", "retry", ""} for line in lines)
    assert "event: end" not in lines


def test_the_page_says_that_a_report_is_made_until_there_is_one(served):
    first = served.get("/of/rates")
    served.server._reader.watch("rates").page = made_page(
        '<html><section id="live" class="live"></section></html>', hashes=["'sha256-abc'"]
    )

    second = served.get("/of/rates")

    assert "The report is being made." in first.text
    assert '<section id="live" data-made="1.0" class="live">' in second.text
    assert "'sha256-abc'" in second.headers["content-security-policy"]


def test_the_first_address_leads_to_the_experiment(quiet):
    answer = quiet.get("/")

    assert (answer.status, answer.headers["location"]) == (303, "/of/rates")
    assert '<a href="/of/rates">rates</a>' in quiet.get("/all").text


@pytest.mark.parametrize("path", ["/of/other", "/events/other", "/of/..%2f..%2fetc%2fpasswd"])
def test_an_experiment_that_the_store_has_not_is_not_found(quiet, path):
    assert quiet.get(path).status == 404


def test_a_port_that_is_taken_is_said_and_another_is_found_where_none_was_named(quiet):
    with pytest.raises(RunError, match=rf"Port {quiet.port} is taken, .* --port"):
        LiveServer(Place(store=quiet.path, name="rates", port=quiet.port))


def test_a_host_without_a_name_does_not_let_everybody_in(quiet):
    with pytest.raises(RunError, match=r"--host needs an address: 127\.0\.0\.1"):
        LiveServer(Place(store=quiet.path, name="rates", host=""))


def test_a_host_that_is_not_here_is_said(quiet):
    with pytest.raises(RunError, match=r"Nothing can listen on `192\.0\.2\.1` port 8420"):
        LiveServer(Place(store=quiet.path, name="rates", host="192.0.2.1"))
