"""HTML for the cells of a notebook."""

from etude.report.cells import code, diff, next_round_html, progress_bar, table


def test_cells_are_text():
    assert ">&lt;b&gt;</td>" in table(["a"], [["<b>"]])
    assert code("<i>") == '<pre style="overflow-x:auto">&lt;i&gt;</pre>'


def test_a_diff_shows_what_differs_and_marks_it():
    before = "\n".join(f"line {number}" for number in range(20))

    shown = diff(before, before.replace("line 9", "<new>"))

    assert '<span style="background:#f8514933">-line 9</span>' in shown
    assert '<span style="background:#2ea04333">+&lt;new&gt;</span>' in shown
    assert "line 5" not in shown


def test_a_next_round_says_what_it_is_for_and_why():
    shown = next_round_html("a-2.toml", "widen", [("`lr` is at its bound", "C1")] * 2, ("a", "b"))

    assert "Next round, to widen: <code>a-2.toml</code>" in shown
    assert shown.count("<code>lr</code> is at its bound <small>C1</small>") == 1
    assert "-a" in shown


def test_a_round_without_one_before_is_shown_whole():
    assert "name = 1" in next_round_html("a.toml", "", [], ("", "name = 1"))


def test_a_long_file_is_cut():
    assert "... and 600 more lines." in code("x\n" * 1000)


def test_the_infeasible_trials_end_a_bar_in_red():
    bar = progress_bar(4, 1, 8)

    assert "width:37.5%;background:#2f80d0" in bar
    assert "width:12.5%;background:#dd4f2c" in bar
