import pytest
from tests.factories import minimal

from etude.errors import ExperimentError
from etude.space import Choice, Real

GIVEN = {
    "scientific": {"optimizer": ["sgd", "adam"], "norm": ["none", "layer"]},
    "nuisance": {
        "rate": Real(1e-4, 1.0, log=True),
        "clip": Choice(["none", 0.5, 1.0]),
        "when": {
            "optimizer": {
                "sgd": {"momentum": Real(0.5, 0.9)},
                "adam": {"beta1": Real(0.5, 0.9)},
            },
            "norm": {"layer": {"gain": Real(0.5, 2.0)}},
        },
    },
    "fixed": {"bias": True, "width": 64, "when": {"optimizer": {"adam": {"epsilon": 1e-8}}}},
}


def refused(*constraints):
    with pytest.raises(ExperimentError) as refusal:
        minimal(**GIVEN, constraints=constraints)
    return [(one.where, one.message) for one in refusal.value.mistakes]


@pytest.mark.parametrize(
    "text",
    [
        "rate < 0.1 * width",
        "max_steps > width",
        "momentum < 0.8 and gain > 1",
        "beta1 < 0.8 and epsilon < rate",
        "not bias or rate < 0.5",
        'clip == "none" or clip < 1',
        'optimizer != "adam" or rate < 0.1',
    ],
)
def test_a_constraint_names_what_exists_together(text):
    assert minimal(**GIVEN, constraints=[text]).constraints == (text,)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rtae < 1", "found `rtae`. Did you mean `rate`? Found in 'rtae < 1'."),
        ("steps < 1", "found `steps`. Did you mean `max_steps`?"),
        ("momentum < beta1", "`beta1`, `momentum` never exist in the same study (R11)"),
        ("1 < 2", "names at least one hyperparameter"),
        ("rate", "says whether something holds, and this is a value. Compare it."),
        ("bias < 3", "`<` takes a number, and `bias` is a truth."),
        ('optimizer == "adm"', "`optimizer` is never 'adm'. Did you mean `adam`?"),
        ('"nun" != clip', "`clip` is never 'nun'. Known: `none`."),
        ('__import__("os")', "`__import__` may not stand in a constraint"),
        ("rate <", "is no condition: invalid syntax. Write for example"),
        ("rate < 1 or " * 20 + "1 <", "Found in 'rate < 1 or rate"),
    ],
)
def test_a_constraint_that_says_nothing_is_refused_with_the_way_out(text, sentence):
    [(where, message)] = refused(text)

    assert where == "experiment.constraints"
    assert sentence in message
    assert len(message) < 400


def test_every_constraint_is_told():
    assert len(refused("rate <", "rtae < 1", "rate < 1", "1 < 2")) == 3


def test_what_a_broken_hyperparameter_may_be_is_no_second_mistake():
    with pytest.raises(ExperimentError) as refusal:
        minimal(**{**GIVEN, "fixed": {"width": None}}, constraints=["width < 3"])

    assert [one.where for one in refusal.value.mistakes] == ["fixed.width"]
