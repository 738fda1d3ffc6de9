"""Whatever stands in a name, a value or an error: no command acts on the terminal or fails."""

import csv
import io
import json
import re
import sys
import tomllib

import pytest

import etude.cli
from etude.experiment.change import Change
from etude.experiment.toml.edit import Edit, edited
from etude.text.signs import readable, readable_json

# What a terminal, a table, a page, a file or a person may take for something else.
HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07", "\x9b31m\x85", "\x00\x7f\b\r", "\u202eevil\u2066", "l\u200br\ufeff",
    "a\u200db\u00ad\u3164", "\U000e0041\U000e0042", "\u2028\u2029", "[red]bold[/red][/]", ":fire:",
    "=cmd|' /C calc'!A0", "+1-1", "-x", "@SUM(1)", "\tq", "\uff1d1", "</script><script>alert(1)",
    "<!--", "&amp;", "{{ 7 * 7 }}{% x %}", "${jndi:x}", "%s%n{0}", "`tick", '"""', "'''", "\\", "#",
    "]]", "\n[experiment]\n", "a, b; c", "x" * 300, "\u0301" * 9, "\U0001f469\u200d\U0001f52c", "é",
]  # fmt: skip
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d]")
TRAIN = """
class Mute(Exception):
    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


ERRORS = [
    RuntimeError("cannot read \\udcff.png \\x1b[2J \\u202e"),
    Mute(),
    ValueError("x" * 3_000_000 + "the end"),
    KeyError("\\x1b]0;owned\\x07"),
]


def train(trial):
    place = int(trial["x"] * 1e6)
    if trial["x"] > 0.75:
        raise ERRORS[place % 4]
    for step in trial.steps():
        values = {"valid/loss": trial["x"] / (step + 1), "\\x1b[31mm": 1.0, "\\udcff": 1.0}
        trial.report(step, {**values, **{name: 1.0 for name in HOSTILE if name}})
"""


def experiment():
    quoted = [json.dumps(one, ensure_ascii=False).replace("\x7f", "\\u007f") for one in HOSTILE]
    names = "\n".join(f"{text} = {{ low = 0.1, high = 1.0 }}" for text in quoted[::4])
    fixed = "\n".join(f"{text} = {text}" for text in quoted[1::2])
    return f"""[experiment]
name = "walk"
question = {quoted[0]}
notes = {quoted[1]}
metric = "valid/loss"
max_steps = 4
evaluations = 2
trials = 4
train = "train.py:train"
[scientific]
opt = [{quoted[0]}, "=[red][/]"]
[nuisance]
x = {{ low = 0.1, high = 1.0 }}
{names}
[fixed]
{fixed}
"""


def type_in(words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["etude", *map(str, words)])
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        etude.cli.main()
    answer = capsys.readouterr()
    return left.value.code or 0, answer.out, answer.err


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """A folder in which the experiment has run, its training in this process."""
    folder = tmp_path_factory.mktemp("walk")
    (folder / "walk.toml").write_text(experiment(), encoding="utf-8")
    (folder / "train.py").write_text(f"HOSTILE = {HOSTILE!r}\n{TRAIN}", encoding="utf-8")
    return folder


COMMANDS = [
    "plan walk.toml", "run walk.toml --runner inline", "trials",
    "trials --json", "trials --csv -", "check --all", "check --json", "log", "log --json",
    "log --csv -", "next", "compare walk:0 walk:1", "adopt walk", "launch",
    "check --metric \x1b[31mm",
    "trials --metric \x9b\u202e", "check \x1b[2J", "\x1b[2J", "run --\x1b[2J", "run \x1b[2J.toml",
    "run walk.toml --workers \x1b[2J", "run \udcff.toml", "plan \udcff",
    "check --store \udcff.db", "check --store pg://me:hush@host/\x1b[2J", "new \x1b[2J/\udcff",
    "import csv \x1b[2J --name a --metric b", "import \x1b[2J b --name a --metric b",
    "log --store \u202e.db", "report --metric \x1b", "next \x1b[2J",
    "run walk.toml --runner \x1b[2J",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=ascii)
def test_no_command_acts_on_the_terminal(walk, command, monkeypatch, capsys):
    monkeypatch.chdir(walk)
    monkeypatch.delenv("ETUDE_STORE", raising=False)

    code, out, err = type_in(command.split(" "), monkeypatch, capsys)

    assert code in (0, 1, 2, 3)
    assert not ACTS.findall(out + err)
    assert "Traceback" not in err
    assert "hush" not in out + err


def test_json_has_every_text_and_no_half_of_a_character(walk, monkeypatch, capsys):
    monkeypatch.chdir(walk)
    _, out, _ = type_in(["trials", "walk", "--json"], monkeypatch, capsys)

    trials = json.loads(out)["trials"]
    assert {trial["reason"] for trial in trials} == {"", "error"}
    assert set(HOSTILE[::4]) <= set(trials[0]["setting"])
    assert not re.search("[\ud800-\udfff]", json.dumps(trials, ensure_ascii=False))
    assert max(len(trial["detail"]) for trial in trials) < 25_000


@pytest.mark.parametrize("command", ["trials", "log"])
def test_no_cell_of_a_table_is_a_formula(walk, command, monkeypatch, capsys):
    monkeypatch.chdir(walk)
    _, out, _ = type_in([command, "--csv", "-"], monkeypatch, capsys)

    cells = [cell for row in csv.reader(io.StringIO(out)) for cell in row]
    acting = [cell for cell in cells if FORMULA.match(cell)]
    assert [cell for cell in acting if not re.fullmatch(r"-?[\d.e-]+", cell)] == []


def test_the_page_holds_every_text(walk, monkeypatch, capsys):
    monkeypatch.chdir(walk)
    type_in(["report", "-o", "page.html"], monkeypatch, capsys)

    page = (walk / "page.html").read_text(encoding="utf-8")
    assert page.count("<script") == 4
    assert not ACTS.findall(page.partition("<script>")[0])


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_file_that_is_written_holds_every_text(text):
    change = Change(("fixed", text), "", text)
    written = edited("[fixed]\nx = 1\n", [Edit(change, comment=f"C1: {text}")])

    assert tomllib.loads(written) == {"fixed": {"x": 1, text: text}}
    assert not ACTS.findall(written)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_picture_holds_every_text(text):
    drawn = json.loads(readable_json(json.dumps({text: [text, "\udcff"]}, ensure_ascii=False)))

    assert not ACTS.findall("".join([*drawn, *drawn[readable(text)]]))


def test_a_name_with_markup_stands_in_the_table_as_it_is(walk, monkeypatch, capsys):
    monkeypatch.chdir(walk)
    _, out, _ = type_in(["run", "walk.toml", "--runner", "inline"], monkeypatch, capsys)

    assert "opt==[red][/]: 4/4 ended" in out
