import sys

import pytest
from tests.runner.sample import HERE, assignment, events_of, inline

from etude.errors import RunError
from etude.runner.inline import Inline
from etude.runner.user_code import train_function


def test_what_a_trial_prints_is_shown_where_it_was_meant_to_go(tmp_path, capsys):
    events_of(inline("prints"), assignment(tmp_path))

    assert capsys.readouterr() == ("a word\n", "a complaint\n")


def test_a_silent_trial_leaves_no_log(tmp_path):
    events_of(inline("returns"), assignment(tmp_path))

    assert not (tmp_path / "trials").exists()


def test_ctrl_c_reaches_the_user(tmp_path):
    def train(trial):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        events_of(Inline(lambda: train), assignment(tmp_path))


def test_a_function_is_loaded_before_the_first_trial_only(tmp_path):
    loads = []

    def load():
        loads.append("once")
        return lambda trial: 1.0

    events_of(Inline(load), assignment(tmp_path), assignment(tmp_path, id=1))

    assert loads == ["once"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RunError, match=r"`train.py:train`, but there is no file `.*train.py`"):
        train_function("train.py:train", tmp_path)


def test_a_missing_function_gets_did_you_mean():
    with pytest.raises(RunError, match=r"has no function `trian`\. Did you mean `train`\?"):
        train_function("loops.py:trian", HERE)


def test_what_is_no_function_is_refused():
    with pytest.raises(RunError, match="has no function `not_a_function`"):
        train_function("loops.py:not_a_function", HERE)


def test_a_module_is_imported_once():
    assert train_function("loops.py:train", HERE) is train_function("loops.py:train", HERE)


def test_a_file_called_like_a_module_of_pythons_keeps_out_of_its_way(tmp_path):
    (tmp_path / "random.py").write_text("def train(trial): return 1.0\n")

    train = train_function("random.py:train", tmp_path)

    assert train.__module__ == "random_of_experiment"
    assert "Mersenne" in sys.modules["random"].__doc__


def test_a_module_that_failed_is_imported_anew(tmp_path):
    (tmp_path / "mended.py").write_text("raise ValueError\n")
    with pytest.raises(ValueError):  # noqa: PT011  # the user's own, as it is
        train_function("mended.py:train", tmp_path)
    (tmp_path / "mended.py").write_text("def train(trial): return 1.0  # mended\n")

    assert train_function("mended.py:train", tmp_path)(None) == 1.0


def test_what_is_returned_and_ignored_is_printed_once_a_run(tmp_path, capsys):
    def train(trial):
        trial.report(trial.final_step, {"valid/loss": 0.5})
        return [trial.id]

    runner = Inline(lambda: train)
    for number in range(3):
        events_of(runner, assignment(tmp_path, id=number))

    assert capsys.readouterr().err.count("returns a list, which is ignored") == 1
