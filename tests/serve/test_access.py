"""Nobody is let in without the token, nor from a foreign page; the token leaves the address."""

import re
import stat
from urllib.parse import quote

import pytest

from etude.serve.access import is_loopback, stored_key

PAGES = ("/", "/all", "/of/rates", "/events/rates", "/live.js", "/vega/x.js", "/no")
WRONG = ("x", "", "0", "a" * 5000, "%00", "%0d%0aSet-Cookie:a=b", "..", "<script>", "é", "*")
# As they are sent to a server whose cookie the browser has.
FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "evil.example:80"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "192.168.0.7"},
    {"Host": "[2001:db8::1]"},
    {"Host": "127.0.0.1@evil.example"},
    {"Host": "evil.example/127.0.0.1"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "https://127.0.0.1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def test_the_token_is_exchanged_for_a_cookie_and_leaves_the_address(quiet):
    answer = quiet.get(f"/?open={quiet.token}", Cookie="")

    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    cookie, *flags = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=2592000"} <= set(flags)
    assert quiet.token not in cookie
    assert re.match(rf"etude_{quiet.port}_\w{{8}}=", cookie)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_shown_without_the_cookie(quiet, path):
    answer = quiet.get(path, Cookie="")

    assert answer.status == 403
    assert "rates" not in answer.text


def test_a_refusal_has_its_looks(quiet):
    assert 'href="/live.css"' in quiet.get("/", Cookie="").text
    assert quiet.get("/live.css", Cookie="").status == 200


def test_a_link_of_another_site_leads_on_by_a_page_of_this_server(quiet):
    answer = quiet.get(f"/?open={quiet.token}", Cookie="", Sec_Fetch_Site="cross-site")

    assert (answer.status, answer.headers["refresh"]) == (200, "0; url=/")
    assert answer.headers["set-cookie"].startswith(quiet.cookie)


@pytest.mark.parametrize("token", WRONG)
def test_no_other_token_lets_in(quiet, token):
    answer = quiet.get(f"/?open={quote(token, safe='%')}", Cookie="")

    assert answer.status == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("value", ["", "x", "etude", "0" * 43])
def test_no_other_cookie_lets_in(quiet, value):
    name = quiet.cookie.partition("=")[0]

    answer = quiet.get("/of/rates", Cookie=f"{name}={value}")

    assert answer.status == 403


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_foreign_name_or_page_is_refused_though_the_browser_has_the_cookie(quiet, headers):
    answer = quiet.get("/of/rates", **headers)

    assert answer.status in (400, 403, 421)
    assert "rates" not in answer.text


def test_the_cookie_lets_in_by_each_name_of_this_machine_alone(quiet):
    names = ["127.0.0.1", f"127.0.0.1:{quiet.port}", "localhost:9000", "[::1]:9000"]

    answers = [quiet.get("/of/rates", Host=name, Origin=f"http://{name}") for name in names]

    assert [answer.status for answer in answers] == [200] * 4


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_done_but_look(quiet, method):
    assert quiet.get("/of/rates", method=method).status == 405
    assert quiet.get("/control/stop/rates", method=method).status == 404


def test_every_answer_lets_a_page_load_nothing_from_elsewhere(quiet):
    policies = [quiet.get(path).headers["content-security-policy"] for path in ("/of/rates", "/no")]

    assert all("default-src 'none'" in policy for policy in policies)
    assert all("frame-ancestors 'none'" in policy for policy in policies)
    assert not any("unsafe-inline" in policy.partition("style-src")[0] for policy in policies)


def test_a_key_is_its_owners_alone_and_stays(tmp_path):
    place = tmp_path / "etude.db.live-key"

    key = stored_key(place)

    assert stored_key(place) == key
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe", b"a b" * 30])
def test_a_key_that_is_none_is_made_anew(tmp_path, content):
    place = tmp_path / "key"
    place.write_bytes(content)
    place.chmod(0o600)

    assert len(stored_key(place)) >= 40


def test_a_key_that_others_may_have_read_is_made_anew(tmp_path):
    place = tmp_path / "key"
    key = stored_key(place)
    place.chmod(0o644)

    assert stored_key(place) != key


def test_a_key_that_cannot_be_kept_is_one_all_the_same(tmp_path):
    assert len(stored_key(tmp_path / "no folder" / "key")) >= 40


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("box", False)],
)
def test_loopback_is_known(host, is_local):
    assert is_loopback(host) == is_local
