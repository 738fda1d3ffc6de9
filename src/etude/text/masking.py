"""Masking: a text without what looks like a password, token or key."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

MASK = "***"
# `n_pass: 3` counts, `first_pass` is one of several, a `low_pass` filters, and PWD is a folder.
_IS = r"[\"']?[ \t]{0,20}[:=][ \t]{0,20}[\"']?"
_PLAIN = rf"{_IS}(?:\d{{1,4}}(?:\.\d{{0,20}})?|none|null|true|false|yes|no|on|off)(?![\w.-])"
_COUNTED = (
    *(
        "all",
        "back",
        "backward",
        "band",
        "bwd",
        "each",
        "every",
        "extra",
        "final",
        "first",
        "forward",
    ),
    *("full", "fwd", "high", "last", "low", "max", "min", "multi", "n", "next", "num", "of", "one"),
    *("per", "second", "single", "third", "train", "two", "valid"),
)
_NOT_COUNTED = "".join(rf"(?<!\b{word})(?<!_{word})" for word in _COUNTED)
_PASS = rf"(?=[_-]pass){_NOT_COUNTED}[_-]pass(?!{_PLAIN})|(?<![\w-])pwd(?!{_PLAIN}|{_IS}[/~.$`])"
# Names of what is a secret, however short; and of what is one by its length.
_SECRET = (
    r"passw(?:or)?ds?|passwd|passphrase|pass[_-]?phrase|secret(?:[_-]?\w{0,20}key)?"
    r"|credentials?|(?:private|encryption|signing|master|shared|storage|account)[_-]?key|[_-]pwd"
    rf"|{_PASS}"
)
_TOKEN = r"api[_-]?key|access[_-]?key(?:[_-]?id)?|auth[_-]?key|(?:auth|bearer)?[_-]?token"
# What a tokenizer calls so is a word of its vocabulary.
_NO_WORD = (
    r"(?!(?:[\w-]{0,40}[_.-])?(?:additional|bos|cls|end|eos|eot|eod|image|mask|next|pad|sep|sos|special"
    r"|start|stop|unk)[\w-]{0,40}[_-]token)"
)
# Bounded, so that the time is linear in the length of the text, whatever it is.
_BEGIN = rf"(?<![\w.-]){_NO_WORD}[\w.-]{{0,60}}?"
_SECRET_NAME = rf"{_BEGIN}(?:{_SECRET})"
_TOKEN_NAME = rf"{_BEGIN}(?:{_TOKEN})"
# No two of them stand side by side: a run of blanks would be parted in every way there is.
_GAP = r"\s{0,100}"
_TO_QUOTE = (
    rf"(?![\w-])(?:\\?[\"'])?{_GAP}(?:\]{_GAP})?(?:[:=]|:{_GAP}str{_GAP}=){_GAP}"
    r"[rbuf]{0,2}\\?([\"'])"
)
# `password = "..."`, `"api_key": "..."`, `os.environ["HF_TOKEN"] = "..."`, `login(token="...")`.
_QUOTED_SECRET = re.compile(rf"(?i)({_SECRET_NAME}{_TO_QUOTE})((?:\\.|(?!\2)[^\\\n])+)(?=\2)")
# `{"user": "me", "pass": "..."}`: a key by itself, with a text.
_QUOTED_PASS = re.compile(
    rf"(?i)([\"']pass[\"']{_GAP}:{_GAP}[rbuf]{{0,2}}([\"']))((?:\\.|(?!\2)[^\\\n])+)(?=\2)"
)
_QUOTED_TOKEN = re.compile(rf"(?i)({_TOKEN_NAME}{_TO_QUOTE})([^\"'\s]{{8,}})(?=\2)")
# `setenv("API_KEY", "...")`, `["tool", "--token", "..."]`.
_LISTED = re.compile(
    rf"""([\"'](?:-[\w-]{{0,60}}(?i:{_SECRET}|{_TOKEN})|[A-Z][A-Z0-9_]{{0,60}}(?:TOKEN|KEY|PASSWORD"""
    rf"""|SECRET))[\"']{_GAP},{_GAP}([\"']))([^\"'\n]{{8,}})(?=\2)"""
)
# `token: abc` of YAML, `API_KEY=abc` of a shell, `--api-key abc`, `"key": "<long>"`.
_TO_VALUE = r"(?![\w-])[\"']?[ \t]{0,100}[:=][ \t]{0,100}[\"']?"
_VALUE = r"(?!\*{3})[^\s\"',;&]+"
_BARE = re.compile(rf"(?i)((?:{_SECRET_NAME}|{_TOKEN_NAME}){_TO_VALUE})({_VALUE}[^\n\"',;&]*)")
_KEY = re.compile(
    rf"(?i)((?<![\w.-])[\w.-]{{0,60}}key{_TO_VALUE})((?=[^\s\"']{{0,60}}\d)[\w+/=.-]{{20,}})"
)
_LOGGED = re.compile(
    rf"(?i)((?:{_SECRET_NAME}|{_TOKEN_NAME}){_TO_VALUE})((?=[^\s\"']{{0,60}}\d)[\w+/=~-]{{8,}})"
)
_OPTION = re.compile(rf"(?i){_SECRET_NAME}|{_TOKEN_NAME}")
# `Authorization: Bearer ...`
_HEADER = re.compile(
    rf"(?i)(\b(?:bearer|basic|authorization:(?:{_GAP}\w{{1,40}})?)\s{{1,100}})[\w.~+/=-]{{8,}}"
)
# A text within code, or a note in it; a backslash outside takes its letter along, so that a
# quote without an end is looked for once a line.
_LITERAL = re.compile(
    r"""(?s)\\.|\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}"""
    r"""|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|\#[^\n]*"""
)
# In it `password=hunter` up to an end that a call has not, or a value with a digit in it.
_END = r"(?=[\s;&\"'\\]|\Z)"
_VALUE_HERE = rf"((?!\*{{3}}|(?:none|null|true|false){_END})[^\s\"'\\,;&{{}}()<>\[\]$%]+)"
_ASSIGNED = re.compile(rf"(?i)({_SECRET_NAME}(?![\w-])=){_VALUE_HERE}{_END}")
# A note may be a call that is left out, so there the value ends as in a text only.
_NOTED = re.compile(rf"(?i)({_SECRET_NAME}(?![\w-])=){_VALUE_HERE}(?=[;&\"'])")
_WRITTEN = re.compile(
    rf"(?i)((?:{_SECRET_NAME}|{_TOKEN_NAME}){_TO_VALUE})((?=[^\s\"',;&\\]{{0,60}}\d)[\w+/=~@!^.-]{{6,}})"
    r"(?=[\s;&\"'\\,]|\Z)"
)
_BEARER = re.compile(
    rf"(?i)(\bauthorization:{_GAP}(?:\w{{1,40}}\s{{1,100}})?|[\"']bearer\s|\b(?:bearer|basic)\s(?=[^\s\"']{{0,60}}\d))"
    r"[\w.~+/=-]{8,}(?=[\s\"'\\]|\Z)"
)
# `auth=("user", "...")`, `HTTPBasicAuth("user", "...")`, `server.login("user", "...")`.
_PAIR = re.compile(
    rf"(?i)((?:(?<!\w)\w{{0,40}}auth(?:{_GAP}=)?{_GAP}\(|\blogin\(){_GAP}[\"'][^\"'\n]{{0,100}}[\"']{_GAP},"
    rf"{_GAP}[rbuf]{{0,2}}([\"']))((?:\\.|(?!\2)[^\\\n])+)(?=\2)"
)
# Values that are made of chance: so long that their own hash gives nothing away.
_KNOWN = (
    r"sk-[\w-]{16,} | [rs]k_(?:live|test)_\w{10,} | hf_\w{16,} | gh[pousr]_\w{20,}"
    r" | github_pat_\w{20,} | glpat-[\w-]{16,} | xox[abeprs]-[\w-]{10,} | xai-\w{20,}"
    r" | gsk_\w{20,} | r8_\w{20,} | npm_\w{20,} | pypi-[\w-]{20,} | dop_v1_\w{20,}"
    r" | (?:AKIA|ASIA)[0-9A-Z]{16} | AIza[\w-]{30,} | ya29\.[\w-]{20,}"
    r" | eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
)
_RANDOM = re.compile(
    rf"""(?x)
    (?<![\w-])(?:{_KNOWN})
    | (?<=["'])[0-9a-fA-F]{{32,}}(?=["'])
    | (?<=["'])(?=[^"']*\d)(?=[^"']*[a-z])(?=[^"']*[A-Z])[A-Za-z0-9+_-]{{32,}}={{0,2}}(?=["'])
    | -----BEGIN\ [A-Z0-9 ]*PRIVATE\ KEY[A-Z ]*-----.*?
      (?:-----END\ [A-Z0-9 ]*PRIVATE\ KEY[A-Z ]*-----|\Z)
    """,
    re.DOTALL,
)
# `https://user:password@host`, `https://token@host`, `?api_key=...`.
_IN_ADDRESS = re.compile(r"(?<=://)([^\s/:@\"'`]*):[^\s/\"'`]+(?=@)")
_USER_TOKEN = re.compile(r"(?<=://)[^\s/:@\"'`]{20,}(?=@)")
_QUERY = re.compile(
    r"(?i)([?&][\w.-]*(?:token|key|secret|passw(?:or)?d|sig|signature|auth)=)[^\s&\"'`#]+"
)
# Whoever knows the address may write there.
_WEBHOOK = re.compile(
    r"(?i)((?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks"
    r"|webhook\.office\.com/webhookb2)/|api\.telegram\.org/bot)(?!\*{3})[^\s\"'`<>{}\\]+"
)
# `curl -u user:password`; other tools have a name for it.
_LOGIN = re.compile(
    r"(\bcurl\b[^\n]{0,300}?\s(?:-u|--user)(?:=|[ \t]{0,10})[\"']?[^\s:\"']{1,100}:)"
    r"(?!\*{3})[^\s\"']+"
)
# `wandb login KEY`, as a cell of a notebook has it.
_LOGIN_KEY = re.compile(
    r"(?i)(\blogin[ \t]{1,10}(?:--?[\w-]{1,30}[ \t]{1,10}){0,3})(?=[\w-]{0,60}\d)[\w-]{20,}"
)
# A part of a key's file, as a piece of a diff may begin with it.
_KEY_LINE = re.compile(r"(?m)^([+ -]?)[A-Za-z0-9+/]{60,}={0,2}$")
# Files that hold secrets and nothing else.
_SECRET_FILE = re.compile(
    r"(?i)\.env(?:\..*)?|.*\.env|.*credential.*|.*secrets?(?:[._-].*)?|.*\.(?:pem|key|p12|pfx|jks"
    r"|keystore|kdbx|asc|gpg)|id_(?:rsa|dsa|ecdsa|ed25519).*|\.(?:netrc|pypirc|npmrc|pgpass"
    r"|git-credentials|dockercfg|htpasswd)|kubeconfig|service[_-]?account.*\.json|.*token\.json"
)
_DIFF = re.compile(r"(?m)^(?=diff --git )")
_CODE_SUFFIXES = (".py", ".pyi", ".ipynb", ".pyx", ".c", ".cc", ".cpp", ".cu", ".h", ".rs", ".go")


def masked(text: str) -> str:
    """Code without passwords, tokens and keys, as far as their looks tell; names stay.

    >>> masked('password = "correct-horse"'), masked("token = tokens[0]")
    ('password = "***"', 'token = tokens[0]')
    """
    text = _RANDOM.sub(lambda match: f"{MASK}{_short_hash(match[0])}", text)
    text = _QUOTED_SECRET.sub(lambda match: f"{match[1]}{MASK}", text)
    text = _QUOTED_PASS.sub(lambda match: f"{match[1]}{MASK}", text)
    text = _QUOTED_TOKEN.sub(lambda match: f"{match[1]}{MASK}", text)
    text = _LISTED.sub(lambda match: f"{match[1]}{MASK}", text)
    text = _PAIR.sub(lambda match: f"{match[1]}{MASK}", text)
    return without_password(_LITERAL.sub(_masked_literal, text))


def _masked_literal(literal: re.Match[str]) -> str:
    text = _BEARER.sub(rf"\1{MASK}", literal[0])
    assigned = _NOTED if text.startswith("#") else _ASSIGNED
    text = assigned.sub(rf"\1{MASK}", text)
    return _WRITTEN.sub(rf"\1{MASK}", text)


def masked_values(text: str) -> str:
    """Another text than code, where a value of such a name may stand without quotes: YAML, a log.

    >>> masked_values("token: abc"), masked_values("tokens: 512")
    ('token: ***', 'tokens: 512')
    """
    text = _KEY.sub(lambda match: f"{match[1]}{MASK}", _HEADER.sub(rf"\1{MASK}", masked(text)))
    return _KEY_LINE.sub(rf"\1{MASK}", _BARE.sub(lambda match: f"{match[1]}{MASK}", text))


def masked_message(text: str) -> str:
    """A message with code in it, as a traceback has: what may be a call or a word stays.

    >>> masked_message("api_key=a1b2c3d4 of token = next(it)")
    'api_key=*** of token = next(it)'
    """
    text = _ASSIGNED.sub(rf"\1{MASK}", _HEADER.sub(rf"\1{MASK}", masked(text)))
    return _LOGGED.sub(lambda match: f"{match[1]}{MASK}", text)


def masked_words(words: Sequence[str]) -> list[str]:
    """The words of a command, the value of such an option masked too.

    >>> masked_words(["--api-key", "abc", "--lr=0.1", "token=abc", "--store", "pg://me:pw@host/db"])
    ['--api-key', '***', '--lr=0.1', 'token=***', '--store', 'pg://me:***@host/db']
    """
    return list(_masked_words(words))


def masked_command(command: str) -> str:
    """A command as it was recorded, quoted for a shell, without the values of such options.

    >>> masked_command("etude run --api-key abc 'a b'")
    "etude run --api-key *** 'a b'"
    """
    try:
        return joined(masked_words(shlex.split(command)))
    except ValueError:  # it was never quoted
        return masked_values(command)


def joined(words: Iterable[str]) -> str:
    """The words of a masked command as a shell takes them; a mask is no text to be quoted."""
    return " ".join(word if word == MASK else shlex.quote(word) for word in words)


def _masked_words(words: Sequence[str]) -> Iterator[str]:
    is_value = False
    for word in words:
        is_secret = is_value and not word.startswith("--")
        yield MASK if is_secret else masked_values(word)
        is_value = not is_secret and word.startswith("-") and bool(_OPTION.fullmatch(word))


def masked_diff(diff: str) -> str:
    """A diff of git, each file by its kind; of one that is for secrets, its name alone."""
    return "".join(_masked_change(part) for part in _DIFF.split(diff))


def _masked_change(part: str) -> str:
    name = part.partition("\n")[0].rpartition(" b/")[2].rstrip('"')
    if not part.startswith("diff --git "):
        return masked_values(part)
    if is_secret_file(name):
        return f"?? {name} (changed; such a file is for secrets, so it is not recorded)\n"
    return masked(part) if name.endswith(_CODE_SUFFIXES) else masked_values(part)


def is_secret_file(name: str) -> bool:
    """Whether a file is for secrets, as its name tells.

    >>> is_secret_file("a/.env"), is_secret_file("credentials.json"), is_secret_file("train.py")
    (True, True, False)
    """
    name = PurePath(name).name[-300:]
    return _SECRET_FILE.fullmatch(name) is not None and not name.endswith(_CODE_SUFFIXES)


def without_password(text: str) -> str:
    """The text with no password, and no token, in an address.

    >>> without_password("postgres://me:p@ss@host/db"), without_password("https://host/a?b=c")
    ('postgres://me:***@host/db', 'https://host/a?b=c')
    """
    text = _LOGIN.sub(rf"\1{MASK}", _WEBHOOK.sub(rf"\1{MASK}", text))
    text = _LOGIN_KEY.sub(rf"\1{MASK}", text)
    if "://" not in text:
        return text
    text = _USER_TOKEN.sub(MASK, _IN_ADDRESS.sub(rf"\1:{MASK}", text))
    return _QUERY.sub(rf"\1{MASK}", text)


def _short_hash(value: str) -> str:
    """Tells two such values apart, for a revision of data is written like a key."""
    return hashlib.sha256(value.encode()).hexdigest()[:8]
