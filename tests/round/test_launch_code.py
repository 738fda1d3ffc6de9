"""The code that a launch begins with."""

from etude.code import Code, CodeFile, Stretch
from etude.record import Record
from etude.round.launch_code import code_at_start
from etude.runner.imported import file_of


def test_a_first_launch_begins_with_the_training_file(tmp_path):
    (tmp_path / "train.py").write_text("x = 1")

    assert code_at_start([], tmp_path, "train.py:train") == {
        "train.py": file_of("train.py", b"x = 1").hash
    }
    assert code_at_start([], tmp_path, None) == {}


def test_a_later_launch_begins_with_the_files_of_the_one_before_as_they_do_now(tmp_path):
    before = (file_of("train.py", b"x = 1"), file_of("net.py", b"y = 1"), CodeFile("gone.py", "a"))
    (tmp_path / "train.py").write_text("x = 1  # a comment")
    (tmp_path / "net.py").write_text("y = 2")
    trained = Record(
        id=0, study="", index=0, setting={}, seed=0, stretches=(Stretch(0, 1, Code(before)),)
    )

    assert code_at_start([trained], tmp_path, "train.py:train") == {
        "net.py": file_of("net.py", b"y = 2").hash,
        "train.py": before[0].hash,
    }
