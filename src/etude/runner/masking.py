"""Masking: a text without what looks like a password, token or key."""

from __future__ import annotations

import hashlib
import re

_MASK = "***"
# `password = "..."`, `"api_key": "..."`, `os.environ["HF_TOKEN"] = "..."`, `login(token="...")`.
_NAMED = re.compile(
    r"""(?ix)
    (\b\w*(?:passw(?:or)?d|passphrase|secret|api_?key|access_?key|private_?key|credential|token)\b
      ["']?\s*\]?\s*[:=]\s*[rbuf]{0,2}(["']))  # up to the quote that opens the value
    ([^"'\s]{8,})(?=\2)
    """
)
# Values that are made of chance: so long that their own hash gives nothing away.
_RANDOM = re.compile(
    r"""(?x)
    \b(?:sk-[\w-]{16,} | hf_\w{16,} | gh[pousr]_\w{20,} | github_pat_\w{20,} | glpat-[\w-]{16,}
      | xox[abprs]-[\w-]{10,} | AKIA[0-9A-Z]{16} | AIza[\w-]{30,}
      | eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)
    | (?<=["'])[0-9a-fA-F]{32,}(?=["'])
    | (?<=["'])(?=[^"']*\d)(?=[^"']*[a-z])(?=[^"']*[A-Z])[A-Za-z0-9+_-]{32,}={0,2}(?=["'])
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    """,
    re.DOTALL,
)
# `https://user:password@host`.
_IN_ADDRESS = re.compile(r"(?<=://)([^\s/:@\"']+):[^\s/@\"']+(?=@)")


def masked(text: str) -> str:
    """The text with `***` where a password, token or key stands, as far as its looks tell.

    >>> masked('password = "correct-horse"')
    'password = "***"'
    """
    text = _RANDOM.sub(lambda match: f"{_MASK}{_short_hash(match[0])}", text)
    text = _NAMED.sub(lambda match: f"{match[1]}{_MASK}", text)
    return _IN_ADDRESS.sub(rf"\1:{_MASK}", text)


def _short_hash(value: str) -> str:
    """Tells two such values apart, for a revision of data is written like a key."""
    return hashlib.sha256(value.encode()).hexdigest()[:8]
