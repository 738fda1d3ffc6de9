"""What a script sets, read by its text."""

from __future__ import annotations

import pytest

from etude.cli.script_values import script
from etude.errors import RunError


def values(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text(text)
    read = script(path)
    return {one.name: one.value for one in read.values}, read.unseen


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        (
            'p.add_argument("-l", "--learning-rate", type=float, default=3e-4)',
            "learning_rate",
            3e-4,
        ),
        ('p.add_argument("--no-amp", action="store_true")', "no_amp", False),
        ('p.add_argument("--lr", dest="rate", default=-1)', "rate", -1),
        ('@click.option("--epochs", default=5)\ndef main(epochs): ...', "epochs", 5),
        ('@click.option("--amsgrad/--no-amsgrad", default=False)\ndef f(): ...', "amsgrad", False),
        ("BATCH_SIZE = 128", "BATCH_SIZE", 128),
        ("lr: float = 0.1", "lr", 0.1),
        ("@dataclass\nclass Config:\n    width: int = 64", "width", 64),
    ],
)
def test_a_value_is_read_where_scripts_have_it(tmp_path, text, name, value):
    assert values(tmp_path, text)[0] == {name: value}


def test_what_cannot_be_read_is_named_with_its_line(tmp_path):
    known, unseen = values(tmp_path, '\np.add_argument("--data", required=True)\nsize = f(3)\n')

    assert known == {}
    assert unseen == ("`data` (line 2) has no default that can be read",)


def test_a_script_is_never_run(tmp_path):
    assert values(tmp_path, "raise SystemExit(3)\nLR = 0.1")[0] == {"LR": 0.1}


@pytest.mark.parametrize("content", [b"def (", b"\0", b"x = '\xff'"])
def test_what_is_no_python_is_told(tmp_path, content):
    (tmp_path / "bad.py").write_bytes(content)

    with pytest.raises(RunError, match=r"`.*bad\.py` is no Python"):
        script(tmp_path / "bad.py")


def test_a_script_that_is_missing_is_told(tmp_path):
    with pytest.raises(RunError, match="cannot be read"):
        script(tmp_path / "none.py")


def test_a_script_that_is_misspelt_is_told_with_the_nearest(tmp_path):
    (tmp_path / "train_model.py").write_text("lr = 0.1\n")

    with pytest.raises(RunError, match=r"Did you mean `train_model\.py`\?"):
        script(tmp_path / "trian_model.py")
