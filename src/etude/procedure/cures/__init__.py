"""Cures of training that breaks, in the order in which they are tried."""

from __future__ import annotations

from .base import CureOutcome as CureOutcome
from .base import CureOutcomes as CureOutcomes
from .cure import cure as cure
from .cure import most as most
from .cure import worth_a_cure as worth_a_cure
