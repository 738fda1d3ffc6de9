"""Numbers as messages show them."""

from __future__ import annotations


def number(value: object, digits: int = 4) -> str:
    """A number with its significant digits, anything else as text.

    >>> number(0.0328571), number(20), number("adam"), number(0.00001234567)
    ('0.03286', '20', 'adam', '1.235e-05')
    """
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return str(value)


def counted(count: int, noun: str) -> str:
    """A count with its noun in the right number.

    >>> counted(1, "trial"), counted(3, "trial")
    ('1 trial', '3 trials')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
