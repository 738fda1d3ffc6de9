"""A question about a training pipeline: its parts, its mistakes, its file."""

from .model import Experiment as Experiment
from .model import changes as changes
