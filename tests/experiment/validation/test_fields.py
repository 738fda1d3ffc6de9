"""Whatever stands under a key of an experiment file, it is refused in words or taken."""

import pytest

from etude.errors import ExperimentError
from etude.experiment.methods import SCHEDULES, SEARCHES
from etude.experiment.tables import FIELDS
from etude.experiment.toml.read import loads

VALUES = [
    '["a"]', '[["a"]]', "{a = 1}", "2026-01-01", "07:32:00", "inf", "-inf", "nan", "true", '""',
    '"x"', "-1", "1.5", "9" * 400, "1e308", "[]", "{}", "[nan]", "[{}]", '"\\u0000"', '".."',
    '"a/b"', f'"{"x" * 400}"', '[1, "a"]', "[[[[]]]]", "9223372036854775808",
]  # fmt: skip
REQUIRED = {"metric": '"m"', "max_steps": "20", "trials": "6"}
TAIL = '[scientific]\no = ["a", "b"]\n[nuisance]\nx = { low = 0.1, high = 1.0 }\n'


def refused(text):
    """Whether a text is refused; anything but a refusal in words is raised."""
    try:
        loads(text, file="a.toml")
    except ExperimentError as error:
        return all(one.message[-1] in ".?" for one in error.mistakes)
    return False


def experiment(key, value):
    own = "".join(f"{name} = {text}\n" for name, text in {**REQUIRED, key: value}.items())
    return f"[experiment]\n{own}{TAIL}"


@pytest.mark.parametrize("key", FIELDS)
def test_a_wrong_type_is_refused_under_every_key(key):
    answers = [refused(experiment(key, value)) for value in VALUES]

    assert sum(answers) > 5


@pytest.mark.parametrize(
    ("kind", "name", "option"),
    [
        (kind, name, option)
        for kind, members in (("search", SEARCHES), ("schedule", SCHEDULES))
        for name, member in members.items()
        for option in member.options
    ]
    + [("search", "", "name"), ("schedule", "", "name")],
)
def test_a_wrong_type_is_refused_under_every_option(kind, name, option):
    lead = f'name = "{name}"\n' if name else ""
    begin = experiment("seed", "0")
    answers = [refused(f"{begin}[{kind}]\n{lead}{option} = {value}\n") for value in VALUES]

    assert sum(answers) > 5


def test_a_name_longer_than_a_folders_is_refused():
    assert refused(experiment("name", f'"{"x" * 201}"'))
    assert not refused(experiment("name", f'"{"x" * 200}"'))
