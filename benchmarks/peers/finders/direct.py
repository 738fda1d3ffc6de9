"""What is so: a size trained for some steps in a process of its own: `SIZE LIMIT_MIB`.

The last line is JSON; 0 examples a second where it does not fit.
"""

import json
import sys

from network import limited, steps

COUNT = 6
size = int(sys.argv[1])
limited(int(sys.argv[2]))
try:
    took_s = steps(size, COUNT)
except (RuntimeError, MemoryError):
    print(json.dumps({"examples_per_s": 0.0}))
else:
    print(json.dumps({"examples_per_s": size * (COUNT - 2) / took_s}))
