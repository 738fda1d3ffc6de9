"""Measurements of batch sizes, and the training code that they hold for."""

from __future__ import annotations

from pathlib import Path

import pytest

from etude.procedure.measurement_file import code_of


@pytest.mark.rule("S7")
def test_a_model_in_a_file_beside_the_training_is_training_code(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import model\n")
    (tmp_path / "model.py").write_text("WIDTH = 8\n")
    before = code_of("train.py:train", tmp_path)
    (tmp_path / "model.py").write_text("# eight\nWIDTH = 8\n")
    commented = code_of("train.py:train", tmp_path)
    (tmp_path / "model.py").write_text("WIDTH = 16\n")

    assert before
    assert commented == before
    assert code_of("train.py:train", tmp_path) != before


def test_code_that_cannot_be_read_has_no_hash(tmp_path: Path) -> None:
    assert code_of("train.py:train", tmp_path) == ""
