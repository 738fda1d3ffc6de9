"""Trial: the handle that a user's training loop holds, and the one that is trained now."""

from .current import current as current
from .current import trained_now as trained_now
from .trial import QUICK_S as QUICK_S
from .trial import TrainFunction as TrainFunction
from .trial import Trial as Trial
