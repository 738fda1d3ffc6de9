"""Secrets in settings: what others read of them, and what stays a setting like any other."""

import pytest

from etude.text.secret_values import secret_values, without_values


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("password", "correct-horse", "***"),
        ("api_key", "abcdefgh1234", "***"),
        ("data", "https://me:hush-hush@host/a", "https://me:***@host/a"),
        ("aws", "AKIAABCDEFGHIJKLMNOP", "***"),
    ],
)
def test_a_secret_of_a_setting_is_masked_wherever_it_is_repeated(name, value, shown):
    secrets = secret_values([{name: value, "batch_size": 64}], [name, "batch_size"])

    text = without_values(f"401 for {value}", secrets)

    assert value not in text
    assert shown in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("optimizer", "adam"),
        ("token", "word"),
        ("tokenizer", "bert-base-uncased"),
        ("data", "https://host/a"),
        ("path", "/data/imagenet/train"),
        ("revision", "main"),
        ("key", "valid/loss"),
        ("token", None),
        ("password", 7),
    ],
)
def test_what_is_no_secret_stays_as_it_is(name, value):
    assert secret_values([{name: value}], [name]) == {}


def test_values_that_are_compared_do_not_all_look_alike():
    settings = [{"token": "characters"}, {"token": "sentencepiece"}]

    assert secret_values(settings, fixed=[]) == {}
