"""Shareable: what a page for others does not tell."""

import pytest

from etude.text.shareable import Sharing, without_places

HOMES, USERS, ROOT = "/home", "/Users", "root"


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """The machine of Ann, whose home is an unusual one."""
    monkeypatch.setenv("HOME", "/data/people/ann")
    monkeypatch.setenv("LOGNAME", "ann")
    monkeypatch.setattr("socket.gethostname", lambda: "gpu-17")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{HOMES}/bob/a/train.py", "~/a/train.py"),
        (f"{USERS}/bob/a", "~/a"),
        (r"C:\Users\bob\a", r"~\a"),
        (f"/{ROOT}/a", "~/a"),
        ("/data/people/ann/a", "~/a"),
        ("/scratch/ann/a", "/scratch/USER/a"),
        (f"{HOMES}/bob/x and /scratch/bob/y", "~/x and /scratch/USER/y"),
        ("/runs/deep/a", ".../deep/a"),
        ("ann@gpu-17:/x", "USER@HOST:/x"),
        (
            "annotation, planning/annex, /home, /rooted",
            "annotation, planning/annex, /home, /rooted",
        ),
    ],
)
def test_no_home_no_user_and_no_machine_is_told(text, told):
    assert Sharing.of([text], ["/runs/deep"]).text(text) == told


@pytest.mark.parametrize(
    ("user", "text", "told"),
    [
        ("error", "valid/error, valid/error@5", "valid/error, valid/error@5"),
        ("error", "/scratch/error/valid/error", "/scratch/USER/valid/USER"),
        ("size", "data/size = 3 in /scratch/size", "data/size = 3 in /scratch/USER"),
    ],
)
def test_a_metric_and_a_hyperparameter_are_nobody(user, text, told, monkeypatch):
    monkeypatch.setenv("LOGNAME", user)
    words = ["valid/error", "valid/error@5", "data/size", "lr"]

    assert Sharing.of([text], words=words).text(text) == told


def test_who_is_named_in_one_text_is_named_in_none():
    share = Sharing.of([f"{HOMES}/bob/a.txt"])

    assert share.data({"/x/bob/y": ["/scratch/bob", 1, None, {"a": "bob@h"}]}) == {
        "/x/USER/y": ["/scratch/USER", 1, None, {"a": "USER@h"}]
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("run /data/runs/a.txt --store=/tmp/x/etude.db", "run .../a.txt --store=.../etude.db"),
        (r'File "C:\work\a.txt", line 3', 'File ".../a.txt", line 3'),
        ("~/deep/a.txt", ".../a.txt"),
        ("valid/error/top, a/b/c, 1/2/3, .../x/y, https://a.b/c/d", None),
        ("/data/words/train.txt", None),
    ],
)
def test_a_path_of_a_machine_is_cut_to_its_last_name(text, told):
    stay = {"/data/words/train.txt"}

    assert without_places(text, stay) == (told or text)
