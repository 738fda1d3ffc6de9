from __future__ import annotations

from dataclasses import replace

import altair as alt
import pytest
from tests.report.sample import analysis, content, records, studies

from etude.errors import RunError
from etude.report.export import export, write_chart
from etude.report.figures import figures, row_limit
from etude.report.inputs import Figure


def figure(rows):
    return Figure(name="a", title="", caption="", draw=lambda _: alt.LayerChart(), rows=rows)


def test_charts_of_a_study_are_written(tmp_path):
    few = content(studies=studies()[1:], records=records()[20:22])
    paths = export(few, tmp_path / "new", "png")

    assert {path.name for path in paths} >= {"strip.png", "axes.png", "axis-1-beta1.png"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_a_vector_picture_holds_its_text(tmp_path):
    paths = export(content(records=records()[:2]), tmp_path, "svg")

    assert "optimizer=nesterov" in paths[0].read_text(encoding="utf-8")


def test_names_of_figures_are_safe_in_a_path_and_differ():
    study = replace(studies()[0], metric="../valid/error")
    drawn = figures(analysis(studies=[study, study], records=records()[:20]))
    names = [figure.name for figure in drawn]

    assert all("/" not in name and "." not in name for name in names)
    assert len(names) == len(set(names))


def test_small_charts_leave_their_share_to_the_large():
    assert row_limit([figure(10), figure(500), figure(500)], total=210) == 100
    assert row_limit([figure(10), figure(20)], total=210) == 210
    assert row_limit([], total=210) == 210


@pytest.mark.parametrize(
    ("name", "begins"), [("a.png", b"\x89PNG"), ("a.svg", b"<svg"), ("a.html", b"<!doctype html>")]
)
def test_a_single_chart_is_written_as_its_ending_says(tmp_path, name, begins):
    chart = alt.LayerChart(layer=[alt.Chart(alt.InlineData(values=[{"x": 1}])).mark_point()])

    write_chart(chart, tmp_path / name, caption="a < b")

    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_picture_of_another_kind_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"\.png, \.svg, \.html, got `a\.gif`"):
        write_chart(alt.LayerChart(), tmp_path / "a.gif")
