"""A question about a training pipeline: its parts, its mistakes, its file."""

from .experiment import Experiment as Experiment
from .experiment import changes as changes
from .resources import Resources as Resources
