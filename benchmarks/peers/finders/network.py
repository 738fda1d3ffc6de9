"""A small convolutional network whose memory is its activations, and a limit of memory.

About 14 MiB for an example of a batch: sixteen layers, of which the backward pass needs all.
"""

import os
import resource
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SIDE, CHANNELS, LAYERS = 96, 16, 16
# As many batches of the largest size as any finder draws.
EXAMPLES = 2**16 if DEVICE == "cuda" else 2**11
MIB = 2**20

torch.set_num_threads(1)


def network():
    layers = [nn.Conv2d(3, CHANNELS, 1)]
    for _ in range(LAYERS):
        layers += [nn.Conv2d(CHANNELS, CHANNELS, 1), nn.Tanh()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, 10))


def loader(batch_size):
    """Views of few pictures: the data shall take no memory."""
    few = torch.randn(64, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    pictures = few[:1].expand(EXAMPLES, 3, SIDE, SIDE)
    labels = torch.arange(EXAMPLES) % 10
    return DataLoader(TensorDataset(pictures, labels), batch_size=batch_size, drop_last=True)


def loss_of(model, batch):
    pictures, labels = (one.to(DEVICE) for one in batch)
    return nn.functional.cross_entropy(model(pictures), labels)


def steps(batch_size, count):
    """Trains so many steps; the seconds of all but the first two."""
    model = network().to(DEVICE)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    begin = time.perf_counter()
    for step, batch in enumerate(loader(batch_size)):
        if step == 2:
            begin = waited()
        if step == count:
            break
        optimizer.zero_grad()
        loss_of(model, batch).backward()
        optimizer.step()
    return waited() - begin


def waited():
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def held_mib():
    """What this process has reserved, and what of it is resident."""
    reserved, resident = Path("/proc/self/statm").read_text().split()[:2]
    return tuple(int(pages) * os.sysconf("SC_PAGE_SIZE") / MIB for pages in (reserved, resident))


def peak_mib():
    """The most memory that was held: of the device, else of this process."""
    if DEVICE == "cuda":
        return torch.cuda.max_memory_reserved() / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def limited(mib):
    """From now on this process holds no more than so much; a GPU has a limit of its own."""
    if DEVICE == "cuda":
        return
    reserved, resident = held_mib()
    most = int((reserved + mib - resident) * MIB)
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
