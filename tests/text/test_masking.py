"""Masking: what is a secret by its looks, and what is none."""

import pytest

from etude.text.masking import masked

LONG = "a1B2c3D4" * 5


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('password = "correct-horse"', "correct-horse"),
        ("DB_PASSWORD='correct-horse'", "correct-horse"),
        ('login(token="abcdefgh1234")', "abcdefgh1234"),
        ('{"api_key": "abcdefgh1234"}', "abcdefgh1234"),
        ('os.environ["WANDB_API_KEY"] = "abcdefgh1234"', "abcdefgh1234"),
        (f'wandb.login(key="{"0123456789" * 4}")', "0123456789" * 4),
        ('run("hf_abcdefghijklmnopqrst")', "hf_abcdefghijklmnopqrst"),
        ("# sk-abcdefghijklmnopqrstuvwx", "sk-abcdefghijklmnopqrstuvwx"),
        ('aws = "AKIAABCDEFGHIJKLMNOP"', "AKIAABCDEFGHIJKLMNOP"),
        (f'anything = "{LONG}"', LONG),
        ('url = "https://me:hush-hush@host/data"', "hush-hush"),
        ('k = """-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"""', "MIIB"),
    ],
)
def test_a_secret_is_not_kept(text, secret):
    assert secret not in masked(text)
    assert "***" in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        'tokenizer = "bert-base-uncased"',
        'token = "<eos>"',
        "token = tokens[0]",
        'key = "valid/loss"',
        'password = os.environ["PASSWORD"]',
        'path = "data/imagenet/train/images_of_the_first_hundred_classes"',
        'url = "https://host/data"',
        "lr = 0.001",
    ],
)
def test_what_is_no_secret_stays(text):
    assert masked(text) == text


def test_another_revision_that_is_masked_is_another_text():
    one, other = (f'revision = "{digit * 40}"' for digit in "ab")

    assert masked(one) != masked(other)


def test_another_password_is_the_same_text():
    one, other = (f'password = "{word}"' for word in ("correct-horse", "battery-staple"))

    assert masked(one) == masked(other)
