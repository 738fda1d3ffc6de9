"""Signs: what acts or hides is replaced, what a language needs stays."""

import json
import time
import tomllib

import pytest

from etude.experiment.hyperparameter import quoted
from etude.text.signs import bounded, escaped, line, readable, readable_json, storable, text_of


class Mute:
    """It has no text."""

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


@pytest.mark.parametrize(
    "text",
    [
        "größe",
        "学习率",
        "نرخ\u200cها",
        "👩\u200d🔬",
        "क्\u200dष",
        "a\n\tb",
        "ﬁ",
        "e\u0301",
        "❤\ufe0f",
    ],
)
def test_what_a_language_needs_stays(text):
    assert readable(text) == text


@pytest.mark.parametrize(
    "sign",
    [
        *map(chr, [*range(9), *range(11, 32), *range(127, 160)]),
        *"\u200b\u202e\u2066\ufeff\u2028\udcff",
    ],
    ids=ascii,
)
def test_what_acts_or_hides_is_replaced(sign):
    assert readable(f"a{sign}b") == "a\ufffdb"
    assert "\ufffd" in readable_json(json.dumps(f"a{sign}b", ensure_ascii=False))


def test_a_joiner_between_letters_of_ascii_hides():
    assert readable("lr\u200drate\u200c") == "lr\ufffdrate\ufffd"


def test_a_name_stands_on_one_line():
    assert line("a\nb\tc") == "a\ufffdb\ufffdc"


@pytest.mark.parametrize("text", ["a\x9b\u202e\U000e0041\x00é", "b\x7f", "\x1b\x7fé"], ids=ascii)
def test_what_is_escaped_comes_back_as_it_was(text):
    written = escaped(json.dumps(text, ensure_ascii=False), lambda sign: json.dumps(sign)[1:-1])
    assert json.loads(written) == text
    assert readable(written) == written
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == text


def test_a_message_of_megabytes_keeps_its_head_and_its_end():
    kept = bounded("head" + "x" * 5_000_000 + "end")

    assert kept.startswith("head")
    assert kept.endswith("end")
    assert "\n... 4,980,047 characters left out ...\n" in kept
    assert len(kept) < 21_000


@pytest.mark.parametrize("length", [19_999, 20_000, 20_001, 20_040, 30_000, 10_000_000])
@pytest.mark.parametrize("told", [str, storable])
def test_what_was_cut_is_cut_no_more_and_says_the_right_number(length, told):
    once = bounded("a\udcff"[: length % 7 + 1] * 10 + "x" * (length - 10), told=told)

    assert bounded(once, told=told) == once
    assert len(once) <= 20_000


def test_half_of_a_character_is_written():
    assert storable("\udcff.png").encode() == rb"\udcff.png"


@pytest.mark.parametrize("how", [str, repr])
def test_what_has_no_text_has_its_kind(how):
    assert text_of(Mute(), how) == "<Mute that has no text>"


def test_the_time_is_linear_in_the_length():
    begin = time.process_time()
    [readable(text * 1_000_000) for text in ("a", "\x1b", "\u200d", "a\u200d", "\udcff")]

    assert time.process_time() - begin < 10
