"""Where a run comes from: what a person would need to have the same code again."""

import os
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from etude.round.provenance import launch

SRC = Path(__file__).parents[2] / "src"
AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@b")


def git(folder, *words, given=None):
    command = ["git", "-C", str(folder), *AUTHOR, *words]
    return subprocess.run(command, check=True, capture_output=True, input=given).stdout


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit, its code in a folder of it."""
    root = tmp_path / "repository"
    (root / "code").mkdir(parents=True)
    git(tmp_path, "init", "--quiet", str(root))
    (root / "code" / "train.py").write_bytes(b"rate = 1\r\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "first")
    return root


def test_a_clean_repository_has_nothing_uncommitted(repository):
    found = launch(repository / "code")

    assert found.commit == git(repository, "rev-parse", "HEAD").decode().strip()
    assert found.uncommitted == ""


def test_changes_and_new_code_applied_to_the_commit_give_the_code_that_ran(repository, tmp_path):
    code = {
        "code/train.py": b"import new, package.part\r\n",
        "code/new.py": "from empty import *\ngröße = 1\nno_newline = 2".encode(),
        "code/empty.py": b"",
        "package/__init__.py": b"",
        "package/part.py": b"from . import other\n",
        "package/other.py": b"a = 1\n",
    }
    (repository / "package").mkdir()
    [(repository / name).write_bytes(content) for name, content in code.items()]

    diff = launch(repository / "code", program=repository / "code" / "train.py").uncommitted

    git(tmp_path, "clone", "--quiet", str(repository), "again")
    git(tmp_path / "again", "apply", "--whitespace=nowarn", "-", given=diff.encode())
    assert {name: (tmp_path / "again" / name).read_bytes() for name in code} == code


def test_before_the_first_commit_all_that_is_staged_or_imported_is_new(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "staged.py").write_text("a = 1\n")
    git(tmp_path, "add", ".")
    (tmp_path / "new.py").write_text("b = 2\n")

    found = launch(tmp_path, program=tmp_path / "new.py")

    assert found.commit == ""
    assert "+a = 1\n" in found.uncommitted
    assert "+b = 2\n" in found.uncommitted


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"mine\n"),
        ("credentials.json", b'{"token": "hush"}'),
        ("config.yaml", b"token: hush"),
        ("not_imported.py", b"a = 1\n"),
        ("big.py", b"1" * 200_000),
        ("broken.py", b"\xff\x00"),
    ],
)
def test_of_what_is_no_code_of_the_training_only_the_name_is_kept(repository, name, content):
    (repository / name).write_bytes(content)
    (repository / "code" / "train.py").write_bytes(b"rate = 1\r\n")

    assert launch(repository).uncommitted == f"?? {name}\n"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("config.yaml", "api_key: HUSH-1"),
        ("train.py", 'password = "HUSH-2"'),
        ("settings.json", '{"hf_token": "HUSH-3"}'),
        ("run.sh", "export WANDB_API_KEY=HUSH-4"),
        (".env", "PLAIN=HUSH-5"),
        ("server.pem", "HUSH-6"),
        ("data.txt", "https://me:HUSH-7@host/data"),
    ],
)
def test_a_secret_in_a_change_is_masked(repository, name, secret):
    (repository / name).write_text("a\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "second")
    (repository / name).write_text(f"b: 1\n{secret}\n")

    found = launch(repository).uncommitted

    assert "HUSH" not in found
    assert name in found


def test_a_secret_in_the_command_is_masked(tmp_path, monkeypatch):
    argv = ["/bin/etude", "run", "--api-key", "HUSH", "--store", "pg://me:HUSH@host", "TOKEN=HUSH"]
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", ["python", *argv])

    command = launch(tmp_path).command

    assert command == "etude run --api-key *** --store 'pg://me:***@host' 'TOKEN=***'"


def test_a_folder_and_a_word_that_are_no_text_are_written_as_text(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/bin/etude", "run", "\udcff.toml"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "/bin/etude", "run", "\udcff.toml"])
    monkeypatch.setattr(os, "getcwd", lambda: "/data/\udcff")

    found = launch(None)

    assert (found.command, found.folder) == (r"etude run '\udcff.toml'", r"/data/\udcff")


def test_what_is_ignored_is_not_named(repository):
    (repository / ".git" / "info" / "exclude").write_text("secret.json\n")
    (repository / "secret.json").write_text("{}")

    assert launch(repository).uncommitted == ""


def test_many_names_are_counted(repository):
    [(repository / f"{number}.txt").touch() for number in range(1010)]

    assert launch(repository).uncommitted.endswith("\n?? ... and 10 more\n")


STORE = ("runs.db-wal", "runs.db-shm", "runs.db.my.rates.lock")


@pytest.mark.parametrize("kept", [False, True], ids=["unknown to git", "committed"])
def test_what_etude_writes_is_no_change(repository, kept):
    with sqlite3.connect(repository / "runs.db") as store:
        store.execute("create table trial(id)")
    [(repository / name).touch() for name in STORE]
    for kind in ("trials", "checkpoints"):
        (repository / f"runs.db.{kind}" / "rates").mkdir(parents=True)
        (repository / f"runs.db.{kind}" / "rates" / "state.json").write_text("{}")
    git(repository, "add", *(["."] if kept else ["--dry-run", "."]))
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "store")
    with sqlite3.connect(repository / "runs.db") as store:
        store.execute("create table more(id)")

    assert launch(repository).uncommitted == ""


def test_no_half_of_a_secret_stays_where_a_diff_is_cut(repository, monkeypatch):
    lines = [f"x = {number}\n" for number in range(40)] + ["password = 'HUSH-HUSH-HUSH'\n"]
    (repository / "code" / "train.py").write_text("".join(lines + ["y = 1\n"] * 40))
    begin = launch(repository).uncommitted.index("password")

    for most in range(begin, begin + 40, 4):
        monkeypatch.setattr("etude.round.provenance._MAX_DIFF_CHARACTERS", most)
        said = launch(repository).uncommitted
        assert "HUSH" not in said
        assert "\n... cut after" in said


def test_a_lock_beside_no_store_is_a_file_like_any_other(repository):
    (repository / "poetry.lock").write_text("a\n")
    (repository / "poetry").write_text("a\n")

    assert launch(repository).uncommitted == "?? poetry\n?? poetry.lock\n"


def test_outside_of_a_repository_there_is_nothing_to_say(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    found = launch(tmp_path)

    assert (found.commit, found.uncommitted) == ("", "")


SAYS = (
    "from etude.round.provenance import launch; from pathlib import Path; "
    "print(launch(Path()).command)"
)


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "mypkg", "--foo", "two words"),
        ("-X", "dev", "-m", "mypkg", "--foo"),
        ("mypkg/__main__.py", "--foo"),
        ("mypkg", "--foo"),
        ("-c", SAYS, "--foo"),
    ],
)
def test_a_command_of_python_is_recorded_as_it_was_typed(tmp_path, words):
    (tmp_path / "mypkg").mkdir()
    (tmp_path / "mypkg" / "__main__.py").write_text(SAYS)

    said = subprocess.run(
        [sys.executable, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == f"{shlex.join(['python', *words])}\n"


@pytest.mark.parametrize(
    ("argv", "typed"),
    [
        (["/bin/etude", "run", "a b"], ["python", "/bin/etude", "run", "a b"]),
        (["/src/etude/__main__.py", "run", "a b"], ["python", "-m", "etude", "run", "a b"]),
        (["/src/etude/cli/__main__.py", "run", "a b"], ["python", "-m", "etude.cli", "run", "a b"]),
    ],
)
def test_a_command_of_etude_is_recorded_as_it_was_typed(tmp_path, monkeypatch, argv, typed):
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", typed)

    assert launch(tmp_path).command == "etude run 'a b'"
