"""Domains, spaces and settings: what may vary, and how a point of the unit cube becomes values.

Nothing here loads NumPy; `vectorized` and `grid`, which do, are imported by their names.
"""

from .domains import Choice as Choice
from .domains import Domain as Domain
from .domains import Integer as Integer
from .domains import Real as Real
from .domains import Side as Side
from .domains import bare as bare
from .domains import in_order as in_order
from .domains import is_ordered as is_ordered
from .space import Space as Space
from .values import Scalar as Scalar
from .values import is_number as is_number
from .values import is_scalar as is_scalar
from .values import plain as plain
from .values import value_text as value_text
