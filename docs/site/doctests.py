"""An extension of Griffe: examples of docstrings are shown as the code that they are."""

from __future__ import annotations

from typing import Any

from griffe import Extension, Object


class Doctests(Extension):
    """Puts a fence around each run of lines that begins with a prompt."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Changes the docstring of an object, where it has one."""
        if obj.docstring and ">>>" in obj.docstring.value:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    r"""A docstring whose doctests stand in fences.

    >>> print(fenced("Doubles.\n\n>>> 2 * 2\n4"))
    Doubles.
    <BLANKLINE>
    ```pycon
    >>> 2 * 2
    4
    ```
    """
    lines: list[str] = []
    is_example = False
    for line in [*text.splitlines(), ""]:
        begins = line.strip().startswith(">>>") and not is_example
        ends = is_example and not line.strip()
        if begins:
            lines.append("```pycon")
        if ends:
            lines.append("```")
        is_example = (is_example or begins) and not ends
        lines.append(line)
    return "\n".join(lines).rstrip()
