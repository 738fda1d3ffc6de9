"""Shareable: what a page for others does not tell."""

import pytest

from etude.text.shareable import shareable

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
    assert shareable(text, ["/runs/deep"]) == told
