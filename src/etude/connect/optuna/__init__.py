"""What Optuna recorded."""

from __future__ import annotations

from .reader import read

__all__ = ["read"]
