import importlib
import logging
import sys
import tracemalloc

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


@pytest.fixture
def late_module(tmp_path, monkeypatch):
    """The name of a module that sets up a logger as it is imported."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "late_logging.py").write_text(
        "import logging\n"
        "logger = logging.getLogger('late_logging')\n"
        "logger.addHandler(logging.StreamHandler())\n"
    )
    yield "late_logging"
    logging.getLogger("late_logging").handlers.clear()


@pytest.mark.parametrize("first", [0, 1])
def test_a_logger_that_the_first_trial_set_up_writes_to_the_log_of_each(
    tmp_path, capsys, late_module, first
):
    def train(trial):
        logger = importlib.import_module(late_module).logger
        if trial.id >= first:
            logger.warning("trial %s", trial.id)
        return 1.0

    trials = [assignment(tmp_path, id=number) for number in range(3)]
    events_of(Inline(lambda: train), *trials)

    logs = [(one.folder / "log.txt").read_text() for one in trials[first:]]
    assert logs == [f"trial {one.id}\n" for one in trials[first:]]
    assert not first or not trials[0].folder.exists()
    assert capsys.readouterr().err == "".join(logs)


def test_a_logger_of_the_training_file_writes_to_the_log_of_each_trial(tmp_path):
    (tmp_path / "logs.py").write_text(
        "import logging\n"
        "handler = logging.StreamHandler()\n"
        "def train(trial):\n"
        "    handler.handle(logging.makeLogRecord({'msg': f'trial {trial.id}'}))\n"
        "    return 1.0\n"
    )
    trials = [assignment(tmp_path, id=number) for number in range(2)]

    events_of(Inline(lambda: train_function("logs.py:train", tmp_path)), *trials)

    logs = [(one.folder / "log.txt").read_text() for one in trials]
    assert logs == ["trial 0\n", "trial 1\n"]


def test_what_a_training_file_logs_after_its_import_takes_no_memory(tmp_path, capfd):
    (tmp_path / "logs.py").write_text("import sys\nstream = sys.stderr\ndef train(trial): ...\n")
    stream = train_function("logs.py:train", tmp_path).__globals__["stream"]
    tracemalloc.start()

    for _ in range(100):
        stream.write("x" * 10_000)

    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 100_000
    assert len(capfd.readouterr().err) == 10**6


def test_of_an_import_that_exits_the_last_words_are_told(tmp_path, capfd):
    (tmp_path / "parses.py").write_text(
        "import argparse, sys\n"
        "for _ in range(100): sys.stderr.write('x' * 10_000)\n"
        "argparse.ArgumentParser().error('no data')\n"
    )

    with pytest.raises(SystemExit) as exited:
        train_function("parses.py:train", tmp_path)

    (words,) = exited.value.__notes__
    assert words.endswith("parses.py: error: no data")
    assert len(words) < 10**5
    assert len(capfd.readouterr().err) > 10**6


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
