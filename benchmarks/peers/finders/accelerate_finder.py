"""`accelerate`'s finder: `LIMIT_MIB`. The last line is JSON."""

import json
import sys

from accelerate.utils import find_executable_batch_size
from network import EXAMPLES, limited, steps

limited(int(sys.argv[1]))


@find_executable_batch_size(starting_batch_size=EXAMPLES // 4)
def train(batch_size):
    steps(batch_size, 4)
    return batch_size


print(json.dumps({"batch_size": train()}))
