"""Two settings compared by their retrainings."""

from .comparison import Comparison as Comparison
from .comparison import comparison as comparison
