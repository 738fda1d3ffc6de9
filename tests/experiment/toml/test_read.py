import math
import tomllib
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.experiment.experiments import EXPERIMENTS, NUMBERS, SCALARS

from etude.errors import ExperimentError, Mistake
from etude.experiment import Experiment, changes
from etude.experiment.change import Change
from etude.experiment.hyperparameter import ROLES
from etude.experiment.toml.edit import Edit, edited
from etude.experiment.toml.read import loads, read
from etude.experiment.toml.statements import key_lines, statements
from etude.experiment.toml.write import dumps, toml_text
from etude.round.preview import planned_trials
from etude.space import Choice, Integer, Real

OPTIMIZER = """\
# Two optimizers, each with a space of its own.
[experiment]
question  = "Nesterov momentum or Adam?"   # the usual one
metric    = "valid/error"
max_steps = 2000
trials    = 40

[scientific]
optimizer = ["nesterov", "adam"]

[nuisance]
weight_decay = { low = 1e-6, high = 1e-2, log = true }  # for both

[nuisance.when.optimizer.nesterov]
learning_rate = { low = 1e-3, high = 10.0, log = true }
momentum      = { low = 0.7, high = 0.999, scale = "one_minus_log" }

[nuisance.when.optimizer.adam]
learning_rate = { low = 1e-5, high = 1e-1, log = true }

[fixed]
batch_size = 256

[fixed.when.optimizer.adam]
epsilon = 1e-8
# the end
"""
ADAM = ("nuisance", "when", "optimizer", "adam")
HEAD = '[experiment]\nmetric = "valid/error"\nmax_steps = 10\ntrials = 4\n'


@settings(deadline=None)
@given(given=EXPERIMENTS)
def test_an_experiment_comes_back_from_its_file(given):
    experiment = Experiment(**given)

    assert loads(dumps(experiment)) == experiment


@settings(deadline=None)
@given(given=EXPERIMENTS)
def test_the_statements_of_a_text_are_the_text(given):
    text = dumps(Experiment(**given))

    assert "".join(statement.text for statement in statements(text)) == text


@settings(deadline=None)
@given(value=SCALARS | st.lists(SCALARS))
def test_a_value_comes_back_from_its_text(value):
    assert tomllib.loads(f"value = {toml_text(value)}") == {"value": value}


@settings(deadline=None)
@given(given=EXPERIMENTS, number=NUMBERS)
def test_an_edit_changes_one_value_and_nothing_else(given, number):
    experiment = Experiment(**given)
    text = dumps(experiment)
    path = ("fixed", "when", "a", "x.y", "new . one")

    changed = loads(edited(text, [Edit(Change(path, "", number), "C1: why")]))
    assert value_at(changed.fixed, path[1:]) == number
    assert replace(changed, fixed=experiment.fixed) == experiment


def value_at(members, keys):
    for key in keys:
        members = members[key]
    return members


# --- reading


def refused(text, file="optimizer.toml"):
    """The mistakes of a text: line, place and message of each."""
    with pytest.raises(ExperimentError) as refusal:
        loads(dedent(text), file=file)
    return [(one.line, one.where, one.message) for one in refusal.value.mistakes]


def test_a_file_is_read(tmp_path):
    path = tmp_path / "optimizer.toml"
    path.write_text(OPTIMIZER, encoding="utf-8")

    assert read(path) == Experiment(
        name="optimizer",
        question="Nesterov momentum or Adam?",
        metric="valid/error",
        max_steps=2000,
        trials=40,
        scientific={"optimizer": ["nesterov", "adam"]},
        nuisance={
            "weight_decay": Real(1e-6, 1e-2, log=True),
            "when": {
                "optimizer": {
                    "nesterov": {
                        "learning_rate": Real(1e-3, 10.0, log=True),
                        "momentum": Real(0.7, 0.999, scale="one_minus_log"),
                    },
                    "adam": {"learning_rate": Real(1e-5, 1e-1, log=True)},
                }
            },
        },
        fixed={"batch_size": 256, "when": {"optimizer": {"adam": {"epsilon": 1e-8}}}},
    )


@pytest.mark.parametrize(
    ("written", "domain"),
    [
        ("{ low = 1, high = 8 }", Real(1.0, 8.0)),
        ("{ low = 1, high = 8, integer = true }", Integer(1, 8)),
        ("{ low = 1, high = 8, integer = true, log = true }", Integer(1, 8, log=True)),
        ("{ low = 1, high = 8, integer = false }", Real(1.0, 8.0)),
        ('{ low = 1, high = 8, scale = "log" }', Real(1.0, 8.0, log=True)),
        ("[1, 8]", Choice([1, 8])),
        ("{ values = [1, 8] }", Choice([1, 8])),
        ("{ values = [1, 8], ordered = true }", Choice([1, 8], ordered=True)),
        ('{ values = [1, 8], units = "layers" }', Choice([1, 8], units="layers")),
        ('{ low = 1, high = 8, units = "steps" }', Real(1.0, 8.0, units="steps")),
        ("{ low = 0, high = 0.5, limits = [0, 1] }", Real(0.0, 0.5, limits=(0.0, 1.0))),
        ("{ low = 0, high = 0.5, limits = [0, inf] }", Real(0.0, 0.5, limits=(0, math.inf))),
    ],
)
def test_a_domain_has_these_forms(written, domain):
    assert loads(f"{HEAD}[nuisance]\nx = {written}\n").nuisance == {"x": domain}


def test_a_domain_may_be_a_table_of_its_own():
    table = "[nuisance.x]\nlow = 1\nhigh = 8\ninteger = true\n"

    assert loads(HEAD + table).nuisance == {"x": Integer(1, 8)}


def test_a_value_with_a_dot_is_a_quoted_key():
    text = f'{HEAD}[scientific]\nrate = [0.1, 0.2]\n[fixed.when.rate."0.1"]\nx = 1\n'

    assert loads(text).fixed == {"when": {"rate": {"0.1": {"x": 1}}}}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"file": "runs/depth.toml"}, "depth"),
        ({"file": "depth.toml", "name": "width"}, "width"),
        ({}, "experiment"),
    ],
)
def test_a_name_comes_from_the_file_unless_it_is_said(said, expected):
    assert loads(HEAD, **said).name == expected


def test_the_order_of_keys_means_nothing():
    head, *tables = OPTIMIZER.split("\n\n")
    turned = "\n\n".join([head, *reversed(tables)]) + "\n"

    assert loads(turned) == loads(OPTIMIZER)


def test_line_ends_of_windows_and_a_byte_order_mark_are_read(tmp_path):
    path = tmp_path / "optimizer.toml"
    path.write_bytes(b"\xef\xbb\xbf" + OPTIMIZER.replace("\n", "\r\n").encode())

    assert read(path) == loads(OPTIMIZER, file="optimizer.toml")


def test_every_mistake_is_told_at_once_with_its_line():
    found = refused(
        """\
        [experiment]
        metrc = "valid/error"
        max_steps = 0
        notes = \"""
        two
        lines\"""
        trials = "many"
        [scientific]
        optimizer = ["sgd", "adam", "adam"]
        [nuisance]
        decay = { low = 1.0, high = 1e-2 }
        width = { low = 0, hihg = 8 }
        rate = { low = 0.0, high = 1.0, log = true }
        sizes = [
          1,
          1,
        ]
        [nuisance.when.optimzer.adam]
        beta = 0.9
        [fixd]
        x = 1
        """
    )

    assert [(line, where) for line, where, _ in found] == [
        (2, "experiment.metrc"),
        (3, "experiment.max_steps"),
        (7, "experiment.trials"),
        (9, "scientific.optimizer"),
        (11, "nuisance.decay"),
        (12, "nuisance.width"),
        (13, "nuisance.rate"),
        (14, "nuisance.sizes"),
        (18, "nuisance.when.optimzer.adam"),
        (19, "nuisance.when.optimzer.adam.beta"),
        (20, "fixd"),
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("x = { low = 3, high = 1 }", "needs low < high, got low=3, high=1"),
        ("x = { low = 0, high = 1, log = true }", "needs low > 0"),
        ('x = { low = "a", high = 1 }', "got low='a'"),
        ("x = { low = 1.5, high = 3, integer = true }", "needs whole numbers"),
        ("x = { low = 1, high = 3, integer = 1 }", "`integer` needs true or false, found 1"),
        ("x = { low = 1, high = 3, log = 1 }", "log=True or log=False, got 1"),
        ('x = { low = 1, high = 3, scale = "lin" }', "knows the scales"),
        ("x = { low = 1, hi = 3 }", "no key `hi`. Did you mean `high`?"),
        ("x = { lo = 1, hi = 3 }", "no key `lo`. Did you mean `low`? It has no key `hi`."),
        ("x = { low = 1 }", "`high` is missing"),
        ("x = {}", "`low` and `high` is missing"),
        ("x = { ordered = true }", "`values` is missing"),
        ('x = { units = "steps" }', "`low` and `high` is missing"),
        ("x = { low = 0, high = 2, limits = [0, 1] }", "needs bounds within its limits"),
        ("x = { low = 0, high = 2, limit = [0, 1] }", "Did you mean `limits`?"),
        ("x = { values = [1, 2], limits = [0, 9] }", "found keys of both"),
        ("x = { values = [1, 2], low = 1 }", "found keys of both"),
        ("x = { values = 3 }", "Choice needs a list of values, got 3"),
        ("x = []", "at least one value"),
        ("x = [[1]]", "got [1]"),
        ("x = 2026-01-01", "needs a range or a list"),
        ("whn.optimizer.adam.x = 3", "Conditions stand below `when`"),
        ("when = 3", "`when` is reserved"),
    ],
)
def test_a_broken_domain_is_one_mistake_with_the_way_out(line, sentence):
    [(number, _, message)] = refused(f"{HEAD}[nuisance]\n{line}\n")

    assert number == 6
    assert sentence in message


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (f"{HEAD}trails = 3\n", 5, "[experiment] has no key `trails`. Did you mean `trials`?"),
        (f"{HEAD}[nuisence]\n", 5, "has no table `nuisence`. Did you mean `nuisance`?"),
        (f"{HEAD}[workers]\n", 5, "Known: `experiment`, `scientific`, `nuisance`, `fixed`"),
        (f"seed = 3\n{HEAD}", 1, "`seed` stands outside of every table"),
        (HEAD.replace("trials", "#"), 1, "`trials` is required. Write for example `trials = 20`."),
        (HEAD.replace("metric", "metrc"), 2, "has no key `metrc`. Did you mean `metric`?"),
        (HEAD.replace("[experiment", "[experimnt"), 1, "Did you mean `experiment`?"),
        ("experiment = 3\n", 1, "needs a table, found 3. Write [experiment] above its keys."),
        (f"fixed = 3\n{HEAD}", 1, "needs a table, found 3"),
        (HEAD.replace("10", '"10"'), 3, "needs a whole number, 1 or more, found '10'"),
        (f'{HEAD}[fixed]\n"" = 3\n', 6, "name is a text"),
        (f"{HEAD}[fixed]\nx = nan\n", 6, "finite number (R4), found nan"),
        (f"{HEAD}[fixed]\nx = {{ low = 1, high = 2 }}\n", 6, "move the range to [nuisance]"),
    ],
)
def test_one_slip_is_one_mistake(text, line, sentence):
    [(number, _, message)] = refused(text)

    assert number == line
    assert sentence in message


def test_a_misspelt_table_is_read_as_what_it_means():
    text = OPTIMIZER.replace("[scientific]", "[scientfic]").replace("batch_size = 256", "b = [1]")

    assert [(line, where) for line, where, _ in refused(text)] == [
        (8, "scientfic"),
        (22, "fixed.b"),
    ]


def test_what_a_file_lacks_is_told_for_each_key():
    assert [message.split()[0] for _, _, message in refused("")] == [
        "`metric`",
        "`max_steps`",
        "`trials`",
    ]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("[experiment]\nmetric =\n", 2, "invalid value at column 9"),
        ("[experiment]\nx = 1\nx = 2\n", 3, "cannot overwrite a value"),
        ("[experiment]\nx = [1,\n", 3, "is no TOML"),
        ("[experiment\n", 1, "expected ']'"),
    ],
)
def test_a_slip_of_syntax_is_told_with_its_line(text, line, sentence):
    [(number, _, message)] = refused(text)

    assert number == line
    assert sentence in message


def test_a_name_that_the_file_cannot_lend_is_told_as_the_files():
    with pytest.raises(ExperimentError) as refusal:
        loads(f"# mine\n{HEAD}", file="some/my exp é.toml")

    (mistake,) = refusal.value.mistakes
    assert (mistake.where, mistake.line) == ("experiment", 2)
    assert "the name is the file's, 'my exp é', and names a folder too" in mistake.message
    assert 'Write for example `name = "my-exp"` below [experiment].' in mistake.message


def test_a_name_that_is_written_is_told_as_written():
    with pytest.raises(ExperimentError, match=r"experiment\.name: names a folder too"):
        loads(f'{HEAD}name = "my exp"\n', file="my exp.toml")


def test_a_mistake_names_its_file():
    with pytest.raises(ExperimentError, match=r"^runs/a\.toml:1: experiment: `trials` is required"):
        loads(HEAD.replace("trials", "#"), file="runs/a.toml")


def test_a_missing_file_is_told_with_the_nearest_name(tmp_path):
    (tmp_path / "optimizer.toml").touch()

    with pytest.raises(ExperimentError, match=r"no such file\. Did you mean `optimizer"):
        read(tmp_path / "optimzer.toml")


def test_a_missing_file_in_an_empty_folder_is_told_how_to_begin(tmp_path):
    with pytest.raises(ExperimentError, match="`etude new DIR` writes a first one"):
        read(tmp_path / "none" / "optimizer.toml")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ExperimentError, match="Name an experiment file in it"):
        read(tmp_path)


def test_a_file_of_another_encoding_is_told_with_its_line(tmp_path):
    path = tmp_path / "optimizer.toml"
    path.write_bytes(b"# one\n# caf\xe9\n")

    with pytest.raises(ExperimentError, match=r"optimizer\.toml:2: is no UTF-8 text"):
        read(path)


# --- writing


def test_a_file_begins_with_the_experiment_and_leaves_defaults_out():
    experiment = replace(loads(OPTIMIZER, name="optimizer"), seed=3, diverged_above=False)

    assert dumps(experiment) == dedent(
        """\
        [experiment]
        name = "optimizer"
        metric = "valid/error"
        max_steps = 2000
        trials = 40
        question = "Nesterov momentum or Adam?"
        seed = 3
        diverged_above = false

        [scientific]
        optimizer = ["nesterov", "adam"]

        [nuisance]
        weight_decay = { low = 1e-6, high = 0.01, log = true }

        [nuisance.when.optimizer.nesterov]
        learning_rate = { low = 0.001, high = 10.0, log = true }
        momentum = { low = 0.7, high = 0.999, scale = "one_minus_log" }

        [nuisance.when.optimizer.adam]
        learning_rate = { low = 1e-5, high = 0.1, log = true }

        [fixed]
        batch_size = 256

        [fixed.when.optimizer.adam]
        epsilon = 1e-8
        """
    )


# --- editing


def changed_lines(old, new):
    """The lines of the new text that the old one does not have."""
    return [line for line in new.splitlines() if line not in old.splitlines()]


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (
            Edit(Change((*ADAM, "learning_rate"), "high", 1.0), "C1: 3 of 5 lie high"),
            "learning_rate = { low = 1e-5, high = 1.0, log = true }  # C1: 3 of 5 lie high",
        ),
        (
            Edit(Change(("nuisance", "weight_decay"), "low", 1e-7), "C1: low"),
            "weight_decay = { low = 1e-7, high = 1e-2, log = true }  # for both  # C1: low",
        ),
        (
            Edit(Change(("nuisance", "weight_decay"), "", Integer(1, 8, log=True))),
            "weight_decay = { low = 1, high = 8, integer = true, log = true }  # for both",
        ),
        (
            Edit(
                Change(("scientific", "optimizer"), "values", ["nesterov", "adam", "sgd"]),
                "R4: one more",
            ),
            'optimizer = ["nesterov", "adam", "sgd"]  # R4: one more',
        ),
        (Edit(Change(("experiment", "trials"), "", 80), "C2: few"), "trials    = 80  # C2: few"),
        (
            Edit(Change(("experiment", "question"), "", 'Is "A" best?'), ""),
            'question  = "Is \\"A\\" best?"   # the usual one',
        ),
        (Edit(Change(("experiment", "parent"), "", "optimizer")), 'parent = "optimizer"'),
        (
            Edit(Change((*ADAM, "beta 1"), "", [0.8, 0.9]), "Q11: #1\nnow"),
            '"beta 1" = [0.8, 0.9]  # Q11: 1 now',
        ),
    ],
)
def test_an_edit_changes_its_line_alone(edit, line):
    new = edited(OPTIMIZER, [edit])

    assert changed_lines(OPTIMIZER, new) == [line]
    assert loads(new).metric == "valid/error"


@pytest.mark.parametrize(
    "edit",
    [
        Edit(Change((*ADAM, "learning_rate"), "high", 1.0), "C1: why"),
        Edit(Change(("experiment", "parent"), "", "optimizer"), "R1: next"),
        Edit(Change(("scientific", "optimizer"), "", ["sgd", "adam", "nesterov"])),
    ],
)
def test_comments_survive_an_edit(edit):
    new = edited(OPTIMIZER, [edit])

    assert new.startswith("# Two optimizers, each with a space of its own.\n")
    assert new.endswith("epsilon = 1e-8\n# the end\n")
    assert new.count("#") == OPTIMIZER.count("#") + bool(edit.comment)


def test_a_new_key_stands_at_the_end_of_its_table():
    new = edited(OPTIMIZER, [Edit(Change(("experiment", "name"), "", "optimizer-2"))])

    assert 'trials    = 40\nname = "optimizer-2"\n\n[scientific]' in new


def test_a_new_table_stands_at_the_end():
    path = ("fixed", "when", "optimizer", "nesterov", "dampening")

    assert edited(OPTIMIZER, [Edit(Change(path, "", 0.0))]) == (
        f"{OPTIMIZER}\n[fixed.when.optimizer.nesterov]\ndampening = 0.0\n"
    )


def test_two_edits_of_one_line_keep_both_comments():
    path = ("nuisance", "weight_decay")
    new = edited(
        OPTIMIZER,
        [Edit(Change(path, "low", 1e-7), "C1: low"), Edit(Change(path, "high", 0.1), "C1: high")],
    )

    assert "low = 1e-7, high = 0.1, log = true }  # for both  # C1: low  # C1: high\n" in new


def test_a_comment_of_the_round_before_goes():
    path = ("nuisance", "weight_decay")
    first = edited(OPTIMIZER, [Edit(Change(path, "low", 1e-7), "C1: first")])

    assert edited(first, [Edit(Change(path, "low", 1e-8), "C1: then")]) == edited(
        OPTIMIZER, [Edit(Change(path, "low", 1e-8), "C1: then")]
    )


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("[nuisance.x] # mine\nlow = 1 # one\nhigh = 2\n", "high = 4.0  # C1: why"),
        ("[nuisance]\nx.low = 1\nx.high = 2 # two\n", "x.high = 4.0 # two  # C1: why"),
        ("[nuisance]\nx = {low=1,high=2}", "x = {low=1,high=4.0}  # C1: why"),
        ("nuisance.x = {low=1,high=2}", "nuisance.x = {low=1,high=4.0}  # C1: why"),
    ],
)
def test_a_domain_is_edited_however_it_is_written(table, line):
    text = f"{table}\n{HEAD}" if table.startswith("nuisance") else HEAD + table
    new = edited(text, [Edit(Change(("nuisance", "x"), "high", 4.0), "C1: why")])

    assert changed_lines(text, new) == [line]
    assert loads(new).nuisance == {"x": Real(1.0, 4.0)}


@pytest.mark.parametrize(
    "table",
    [
        "[nuisance.x]\nlow = 1\n# between\nhigh = 2\n[nuisance]\ny = [1, 2]\n",
        "[nuisance]\nx.low = 1\n# between\nx.high = 2\ny = [1, 2]\n",
        "[nuisance]\nx = [1] # between\ny = [1, 2]\n",
    ],
)
def test_a_whole_domain_is_replaced_however_it_is_written(table):
    new = edited(HEAD + table, [Edit(Change(("nuisance", "x"), "", Choice([3, 4], ordered=True)))])

    assert loads(new).nuisance == {"x": Choice([3, 4], ordered=True), "y": Choice([1, 2])}
    assert "# between" in new


def test_a_longer_list_keeps_what_stands_between_its_values():
    text = f'{HEAD}[scientific]\nx = [\n  "a", # the usual\n  "b",\n]\n'
    new = edited(text, [Edit(Change(("scientific", "x"), "", ["a", "b", "c"]), "R4: more")])

    assert new == text.replace('"b",\n]', '"b",\n  "c",\n]  # R4: more')


def test_a_mark_inside_a_text_is_no_comment():
    text = HEAD.replace("valid/error", "valid # C1: error")
    new = edited(
        text,
        [
            Edit(Change(("experiment", "trials"), "", 8)),
            Edit(Change(("experiment", "name"), "", "x")),
        ],
    )

    assert new == text.replace("trials = 4", 'trials = 8\nname = "x"')


def test_line_ends_of_windows_stay():
    text = OPTIMIZER.replace("\n", "\r\n")
    edits = [
        Edit(Change((*ADAM, "learning_rate"), "high", 1.0), "C1: x"),
        Edit(Change((*ADAM, "y"), "", [1, 2])),
    ]
    new = edited(
        text, [*edits, Edit(Change(("fixed", "when", "optimizer", "nesterov", "z"), "", 1))]
    )

    assert new.count("\n") == new.count("\r\n") == text.count("\n") + 4


@pytest.mark.parametrize(
    ("path", "part", "place"),
    [
        (("fixed", "batch_size"), "high", "fixed.batch_size"),
        (("scientific", "optimizer"), "high", "scientific.optimizer"),
        (("experiment", "trials", "x", "y"), "", "experiment.trials"),
    ],
)
def test_an_edit_below_a_plain_value_is_refused(path, part, place):
    with pytest.raises(ExperimentError) as refusal:
        edited(OPTIMIZER, [Edit(Change(path, part, 3))])

    assert [one.where for one in refusal.value.mistakes] == [place]


def test_lines_are_found_for_every_key():
    lines = key_lines(OPTIMIZER)

    assert lines["experiment",] == 2
    assert lines["nuisance", "when"] == 14
    assert lines[*ADAM, "learning_rate", "high"] == 19


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_no_edit_changes_nothing(mark):
    assert edited(mark + OPTIMIZER, []) == OPTIMIZER


def test_an_edit_of_a_broken_file_says_where_it_breaks():
    with pytest.raises(ExperimentError, match="is no TOML"):
        edited("[experiment", [])


def test_the_file_of_a_mistake_may_be_a_path(tmp_path):
    path = Path(tmp_path / "a.toml")
    path.write_text("[experiment]\n", encoding="utf-8")

    with pytest.raises(ExperimentError) as refusal:
        read(path)

    assert {one.file for one in refusal.value.mistakes} == {str(path)}


def turned(data, order):
    """The same tables, their keys in another order."""
    if not isinstance(data, dict):
        return data
    keys = sorted(data, key=lambda key: (order[len(key) % len(order)], key[::-1]))
    return {key: turned(data[key], order) for key in keys}


@given(order=st.lists(st.integers(0, 9), min_size=3, max_size=7))
def test_the_order_of_keys_changes_no_study_and_no_trial(order):
    constraint = 'constraints = ["learning_rate < 0.1 or weight_decay < 1e-4"]\n'
    read_once = loads(OPTIMIZER.replace("trials", constraint + "trials"))
    parts = {each: turned(dict(getattr(read_once, each)), order) for each in ROLES}
    other = loads(dumps(replace(read_once, **parts)))

    assert planned_trials(other) == planned_trials(read_once)
    assert changes(read_once, other) == []


@pytest.mark.parametrize(
    ("file", "line", "begins"),
    [("a.toml", 8, "a.toml:8: trials"), ("a.toml", 0, "a.toml: trials"), ("", 8, "line 8: trials")],
)
def test_a_mistake_is_led_by_what_is_known_of_its_place(file, line, begins):
    assert str(Mistake(where="trials", message="no.", file=file, line=line)).startswith(begins)
