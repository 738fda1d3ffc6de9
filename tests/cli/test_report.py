"""`etude report`: the page."""


def test_report_is_one_page(played, etude_command, tmp_path):
    answer = etude_command("report", "-o", tmp_path / "page.html")

    assert answer.code == 0
    assert "Which optimizer?" in (tmp_path / "page.html").read_text()
