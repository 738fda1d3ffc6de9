"""The last lines of logs: masked, and never a line that is cut at its head."""

from etude.record import Record
from etude.round.logs import MAX_BYTES, MAX_LINES, last_lines
from etude.store.checkpoints import Files

TRIAL = Record(id=3, study="all", index=3, setting={}, seed=1)


def logged(folder, text):
    files = Files(folder / "etude.db", lasting=False)
    place = files.log("first", 3)
    place.parent.mkdir(parents=True)
    place.write_text(text, encoding="utf-8")
    return files


def test_the_last_lines_are_read_and_secrets_masked(tmp_path):
    files = logged(tmp_path, "".join(f"epoch {k}\n" for k in range(99)) + "token=a1b2c3d4e5\n")

    lines = last_lines(files, [TRIAL], "first")[3].splitlines()

    assert len(lines) == MAX_LINES
    assert lines[0] == "epoch 80"
    assert "a1b2c3d4e5" not in lines[-1]


def test_a_line_that_is_cut_at_its_head_is_left_out(tmp_path):
    files = logged(tmp_path, "k" * (MAX_BYTES + 9) + "\nend\n")

    assert last_lines(files, [TRIAL], "first") == {3: "end"}


def test_a_trial_that_printed_nothing_has_no_log(tmp_path):
    assert last_lines(Files(tmp_path / "etude.db", lasting=False), [TRIAL], "first") == {}
