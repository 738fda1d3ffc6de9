"""Masking: what is a secret by its looks, and what is none."""

import time

import pytest

from etude.text.masking import masked, masked_diff, masked_message, masked_values, masked_words

LONG = "a1B2c3D4" * 5
GAP = " " * 40


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
        (f'"!wandb login {"0123456789" * 4}"', "0123456789" * 4),
        (f"wandb login --relogin {'0123456789' * 4}", "0123456789" * 4),
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


@pytest.mark.parametrize(
    "text",
    [
        "aws_secret_access_key: HUSH",
        '"aws_secret_access_key": "HUSH"',
        "WANDB_API_KEY=HUSH",
        "export HF_TOKEN='HUSH'",
        "Authorization: Bearer HUSHHUSHHUSH",
        "password: HUSH HUSH",
        "client_secret = HUSH",
        "machine: https://x/y?api_key=HUSH&b=1",
        "redis://:HUSH@host/0",
        "postgres://me:a@HUSH@host/db",
        "wandb_key: 0HUSH123456789abcdef0123456789abcdef0123",
    ],
)
def test_a_secret_of_another_file_than_code_is_not_kept(text):
    assert "HUSH" not in masked_values(text)


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens: 512",
        'pad_token: "[PAD]"',
        "tokenizer: bert-base-uncased",
        "key: valid/loss",
        "keys: 3",
        "token_dim: 64",
        "monkey = 1",
        "eos_token=</s>",
    ],
)
def test_a_value_of_another_name_stays(text):
    assert masked_values(text) == text


@pytest.mark.parametrize(
    "text",
    [
        'os.environ.setdefault("HF_TOKEN", "HUSH-HUSH")',
        'call(["tool", "--api-key", "HUSH-HUSH"])',
        "password = 'it is HUSH'",
        'PASSWORD: str = "HUSH"',
    ],
)
def test_a_secret_in_code_is_not_kept(text):
    assert "HUSH" not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        'DB_PASS = "HUSH"',
        'db_pass="HUSH"',
        'pwd="HUSH"',
        '{"pwd": "HUSH"}',
        'os.environ["SMTP_PASS"] = "HUSH"',
        'conn = "Server=x;User Id=sa;Password=HUSH;"',
        'conn = "Server=x;Uid=sa;Pwd=HUSH"',
        'print("password=HUSH")',
        'print("password: 1HUSHHUSH")',
        '"Authorization: Bearer HUSHHUSHHUSH"',
        '{"Authorization": "Bearer HUSHHUSH"}',
        '"""\nAWS_SECRET_ACCESS_KEY=HUSH/HUSH\n"""',
        'os.system("AWS_SECRET_ACCESS_KEY=HUSH train")',
        "# password=HUSHHUSH1",
        "# don't: 'password=HUSH'",
        'get(auth=("user", "HUSH"))',
        'HTTPBasicAuth("user", "HUSH")',
        'smtp.login("me@host", "HUSH")',
        'post("https://hooks.slack.com/services/T000/B000/HUSH")',
        'post("https://discord.com/api/webhooks/1/HUSH")',
        '"print(\\"password=HUSH\\")\\n"',
        '"password = \\"HUSH\\"\\n",',
        '{"user": "me", "pass": "HUSH"}',
        "{'pass': 'HUSH'}",
        'os.system("curl -sS -u me:HUSH https://host/file")',
        "# curl --user=me:HUSH https://host/file",
    ],
)
def test_a_secret_in_a_text_of_code_is_kept_nowhere(text):
    text = f"a = 1\n{text}\nb = 2\n"

    for mask in (masked, masked_values, masked_message):
        assert "HUSH" not in mask(text)
        assert mask(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "DB_PASS=HUSH",
        "DB_PASS: HUSH",
        "pwd: HUSH",
        "MAIL_PWD=HUSH",
        "hooks: https://hooks.slack.com/services/HUSH/HUSH",
    ],
)
def test_a_secret_of_a_short_name_is_not_kept(text):
    assert "HUSH" not in masked_values(text)


@pytest.mark.parametrize(
    "text",
    ["ValueError: Server=x;Uid=sa;Password=HUSH;", "OSError: DB_PASS=HUSH failed", "E: pwd=HUSH"],
)
def test_a_secret_in_a_message_is_not_kept(text):
    assert "HUSH" not in masked_message(text)


def test_a_call_in_a_message_stays():
    assert masked_message("    connect(password=pw, pwd=pw)") == "    connect(password=pw, pwd=pw)"


@pytest.mark.parametrize("text", ["n_pass: 3", "PWD=/data/run", "pwd: ~/data", "DB_PASS: null"])
def test_what_has_a_short_name_and_is_no_secret_stays(text):
    assert masked_values(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    pass\n",
        "bypass = 1",
        'compass = "north"',
        "n_pass = 3",
        "use_pass = None",
        'first_pass = "coarse"',
        'low_pass = "butterworth"',
        'pwd = "/data/run"',
        "connect(user=user, password=pw, token=token1)",
        'connect("host", password=pw)  # the password: see the docs',
        'print(f"password={password} token={token}")',
        'print("password=%s" % hidden)',
        '"""Basic statistics.\n\ntoken: the token to look up\npassword: of the user\n"""',
        '"""\n>>> connect(password=pw)\n>>> token = tokens[0]\n"""',
        'f"Bearer {token}"',
        "# connect(password=pw)",
        'auth = (user, os.environ["PASSWORD"])',
        'get("password", "a b")',
        'help="a token: str, or none"',
    ],
)
def test_ordinary_code_stays(text):
    assert masked(text) == text


def test_the_words_around_an_option_stay():
    words = ["etude", "run", "a.toml", "--password", "HUSH", "--eos-token", "</s>", "--token"]

    assert masked_words(words) == [*words[:4], "***", *words[5:]]


SHAPES = [
    *(
        "a.",
        "pad_",
        "secret",
        'password="',
        "token:",
        "://a:",
        '"',
        "'a",
        "-",
        "a_pwd",
        "x=1\n",
        "A",
    ),
    *(
        '\\"',
        "'" * 3,
        '"' * 3 + "\\",
        "#'",
        "db_pass=",
        "a-pass",
        "pwd=",
        "auth(",
        'login("a",',
        "n_pass_",
    ),
    *("-----BEGIN PRIVATE KEY-----", "key=", "bearer ", "authorization:", "?token=", "sk-", "eyJ"),
    *(
        "A",
        "api_key",
        "hf_",
        "_",
        "0",
        "a-b",
        "=",
        "\\",
        '"token": "',
        "diff --git a/.env b/.env\n",
    ),
]


@pytest.mark.parametrize(
    ("text", "masking"),
    [
        (f'token{GAP}={GAP}"HUSHHUSHHUSH"', masked),
        (f'os.environ["HF_TOKEN"  ]  =\n{GAP}"HUSHHUSHHUSH"', masked),
        (f"password{' ' * 40}:{' ' * 40}HUSH", masked_values),
        (f"authorization:  Bearer{' ' * 40}HUSHHUSHHUSH", masked_values),
        ("authorization: HUSHHUSHHUSH", masked_message),
    ],
    ids=lambda one: getattr(one, "__name__", ascii(one)),
)
def test_a_secret_far_behind_its_name_is_not_kept(text, masking):
    assert "HUSH" not in masking(text)


# What a run of blanks may stand behind; of each a run alone, for it is parted in many ways.
NAMES = [
    *("password", '"token"', "api_key", "x['token'", "token:", "token: str", '"API_KEY",', "key"),
    *("authorization:", "authorization: a", "bearer", "basic", "-----BEGIN PRIVATE KEY-----", "a."),
    *("auth", "auth=", 'auth=("a"', 'login("a",', "pwd", "db_pass", '"authorization:', '"pwd='),
]


def test_the_time_is_linear_in_a_run_of_blanks():
    def seconds(count):
        texts = [f"{name}{blank * count}x" for name in NAMES for blank in ("\n", "\t")]
        begin = time.process_time()
        [mask(text) for text in texts for mask in (masked, masked_values, masked_message)]
        return time.process_time() - begin

    few, many = seconds(2500), seconds(10_000)

    assert many < 8 * few, "four times the blanks take four times as long, not sixteen times"


def test_the_time_is_linear_whatever_the_text_is():
    begin = time.process_time()
    [mask(shape * 5000) for shape in SHAPES for mask in (masked, masked_values, masked_diff)]

    assert time.process_time() - begin < 10
