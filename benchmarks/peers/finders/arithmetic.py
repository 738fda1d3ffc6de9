"""The arithmetic alone: two sizes are measured, the rest is a line: `LIMIT_MIB`.

The last line is JSON.
"""

import json
import sys

import torch
from network import DEVICE, MIB, peak_mib, steps

limit = int(sys.argv[1])
if DEVICE == "cuda":
    limit = torch.cuda.mem_get_info()[1] / MIB
steps(4, 4)
few = peak_mib()
steps(16, 4)
each = (peak_mib() - few) / 12
most = max(1, int((limit - few) / each) + 4)
print(json.dumps({"batch_size": 1 << most.bit_length() - 1, "mib_an_example": each}))
