"""One sentence for each rule of the playbook, so that every message can explain its ids."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


def sentence(rule: str) -> str:
    """The rule of this id in one sentence.

    >>> sentence("C14")
    'A failed check means: amend the study, run it again, and only then judge the question.'
    """
    return sentences()[rule]


@cache
def sentences() -> dict[str, str]:
    """Every rule id with its sentence, in the order of the playbook."""
    return tomllib.loads(files(__package__).joinpath("rules.toml").read_text(encoding="utf-8"))
