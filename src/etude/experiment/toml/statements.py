"""TOML text as statements: where a key stands, and how one value changes while the rest stays."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import tomlkit

from ..hyperparameter import Keys, key_path
from .scan import comment_start, statement_ends

# A comment of the round before, `# C1: ...`: it spoke of a value that is gone.
# Of rules alone: `# A100: fits 80 GB` is a person's own.
_ID = r"[ABCDEIKLQRSTWX]\d{1,2}"
_RULE = re.compile(rf"# {_ID}(?:[,-] ?{_ID})*: ")


@final
@dataclass(frozen=True, kw_only=True)
class Statement:
    """A header, or a key with its value; comments and blank lines are statements that say nothing.

    Args:
        line: The first line, counted from 1.
        text: Its whole lines, line ends included.
        table: The steps to the table that it stands in, or opens.
        says: What it says on its own.
    """

    line: int
    text: str
    table: Keys
    says: Mapping[str, Any]

    @property
    def is_header(self) -> bool:
        """Whether it opens a table."""
        return self.text.lstrip().startswith("[")

    @property
    def paths(self) -> list[Keys]:
        """The steps to every key that it opens or sets, inside inline tables too."""
        return list(_paths(self.says, () if self.is_header else self.table))


def statements(text: str) -> list[Statement]:
    """The statements of a valid TOML text in order; their texts joined are the text."""
    complete: list[Statement] = []
    table: Keys = ()
    begin, line = 0, 1
    for end in statement_ends(text):
        chunk = text[begin:end]
        bare = chunk.lstrip()
        says = tomllib.loads(chunk) if bare and bare[0] != "#" else {}
        if bare.startswith("["):
            table = max(_paths(says, ()), key=len)
        complete.append(Statement(line=line, text=chunk, table=table, says=says))
        begin, line = end, line + chunk.count("\n")
    return complete


def key_lines(text: str) -> dict[Keys, int]:
    """The line where each key and table of a valid TOML text first stands.

    What stands below the n-th `[[NAME]]` has the steps `NAME`, `n`, counted from 0, too.
    """
    lines: dict[Keys, int] = {}
    last_index: dict[Keys, int] = {}
    for statement in statements(text):
        if statement.text.lstrip().startswith("[["):
            last_index[statement.table] = last_index.get(statement.table, -1) + 1
        for keys in statement.paths:
            lines.setdefault(keys, statement.line)
            if statement.table in last_index and statement.table:
                depth = len(statement.table)
                numbered = (*keys[:depth], str(last_index[statement.table]), *keys[depth:])
                lines.setdefault(numbered, statement.line)
    return lines


def with_value(
    text: str, keys: Keys, value: str, *, comment: str = "", fresh: Collection[str] = ()
) -> str:
    """The text with one value set, as TOML writes it; every other line stays as it is.

    A key that is not there yet is added where its table stands, or at the end with its table.

    Args:
        text: Valid TOML.
        keys: The steps to the key, none of which may run through a plain value. A value that is
            spread over several statements is written as one.
        value: In TOML.
        comment: Goes to the end of the changed line, after the comment that is there.
        fresh: Comments led by a rule id that stay on the line; other such comments go.
    """
    parts = statements(text)
    holders = [part for part in parts if keys in part.paths]
    if len(holders) > 1 or any(part.is_header for part in holders):
        return with_value(_without(parts, keys), keys, value, comment=comment, fresh=fresh)
    comment = _one_line(comment)
    to_stay = {f"# {_one_line(text)}" for text in fresh}
    texts = [part.text for part in parts]
    end = "\r\n" if "\r\n" in text else "\n"
    line = _commented(f"{key_path(keys[-1:])} = {value}{end}", comment, to_stay)
    siblings = [at for at, part in enumerate(parts) if part.table == keys[:-1] and part.says]
    position = _holder(parts, keys)
    if position is not None:
        texts[position] = _commented(_set(parts[position], keys, value), comment, to_stay)
    elif siblings:
        texts[siblings[-1]] = texts[siblings[-1]].rstrip("\r\n") + end + line
    else:
        above = "".join(texts).rstrip("\r\n")
        texts = [above, 2 * end if above else "", f"[{key_path(keys[:-1])}]{end}{line}"]
    return "".join(texts)


def without_key(text: str, keys: Keys) -> str:
    """The text without a key and what stands below it; every other line stays as it is."""
    texts = []
    for part in statements(text):
        below = [path for path in part.paths if path[: len(keys)] == keys]
        beside = [path for path in part.paths if path not in below and path != keys[: len(path)]]
        if not below:
            texts.append(part.text)
        elif beside:
            texts.append(_reduced(part, keys))
    return "".join(texts)


def _paths(says: Mapping[str, Any], above: Keys) -> Iterator[Keys]:
    for key, value in says.items():
        yield (*above, key)
        if isinstance(value, Mapping):
            yield from _paths(value, (*above, key))


def _without(parts: Sequence[Statement], keys: Keys) -> str:
    return "".join(
        part.text
        for part in parts
        if not part.says or not any(path[: len(keys)] == keys for path in part.paths)
    )


def _holder(parts: Sequence[Statement], keys: Keys) -> int | None:
    """The statement that sets the key, or else the last one that a part of its path stands in."""
    for depth in range(len(keys), 0, -1):
        holders = [
            at
            for at, part in enumerate(parts)
            if not part.is_header and len(part.table) < depth and keys[:depth] in part.paths
        ]
        if holders:
            return holders[0] if depth == len(keys) else holders[-1]
        if any(part.is_header and part.table == keys[:depth] for part in parts):
            return None
    return None


def _reduced(statement: Statement, keys: Keys) -> str:
    """A statement that sets several keys, without one of them."""
    document = tomlkit.parse(statement.text)
    inner: Any = document
    *outer, last = keys[len(statement.table) :]
    for step in outer:
        inner = inner[step]
    del inner[last]
    return tomlkit.dumps(document)


def _set(statement: Statement, keys: Keys, value: str) -> str:
    document = tomlkit.parse(statement.text)
    inner: Any = document
    *outer, last = keys[len(statement.table) :]
    for step in outer:
        inner = inner.setdefault(step, tomlkit.inline_table())
    old, new = inner.get(last), tomlkit.value(value)
    if isinstance(old, list) and isinstance(new, list) and new[: len(old)] == old:
        old.extend(new[len(old) :])  # what stands between the old values stays
    else:
        inner[last] = new
    return tomlkit.dumps(document)


def _commented(text: str, comment: str, fresh: Collection[str]) -> str:
    body = text.rstrip("\r\n")
    code, old = _code_and_comment(body)
    segments = re.split(r"(?=#)", old)
    lasting = [part for part in segments if part.strip() in fresh or not _RULE.match(part)]
    comments = "".join(lasting).rstrip()
    if comment and f"# {comment}" not in comments:
        comments = f"{comments}  # {comment}".lstrip()
    gap = code[len(code.rstrip()) :] if old else "  "
    return f"{code.rstrip()}{gap}{comments}".rstrip() + text[len(body) :]


def _one_line(comment: str) -> str:
    return " ".join(comment.replace("#", " ").split())


def _code_and_comment(text: str) -> tuple[str, str]:
    mark = comment_start(text)
    return text[:mark], text[mark:]
