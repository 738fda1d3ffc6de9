from __future__ import annotations

from etude.playbook.words import runs, word_lists, words


def test_a_nested_name_has_segments_and_they_have_words():
    assert words("model.optimizer/lr_G") == (("model",), ("optimizer",), ("lr", "g"))


def test_double_underscores_and_brackets_part_segments():
    assert words("trainer__betas[0]") == (("trainer",), ("betas",), ("0",))


def test_capitals_and_digits_part_words():
    assert words("baseLR") == (("base", "lr"),)
    assert words("dropout2") == (("dropout", "2"),)


def test_a_name_without_words_has_none():
    assert words("") == ((),)


def test_the_longest_run_comes_first():
    joined = [run for run, *_ in runs(("lr", "warmup", "steps"))]

    assert joined == ["lrwarmupsteps", "lrwarmup", "warmupsteps", "lr", "warmup", "steps"]


def test_no_word_stands_in_two_parts_of_the_data():
    lists = word_lists("metric")

    assert not lists["train"] & lists["valid"]
    assert not (lists["train"] | lists["valid"]) & lists["test"]
