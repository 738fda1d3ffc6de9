"""Lightning's finder: `LIMIT_MIB`. The last line is JSON."""

import json
import sys
import tempfile

import lightning
import torch
from lightning.pytorch.tuner import Tuner
from network import limited, loader, loss_of, network


class Network(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.batch_size = 1
        self.model = network()

    def training_step(self, batch, _):
        return loss_of(self.model, batch)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)

    def train_dataloader(self):
        return loader(self.batch_size)


limited(int(sys.argv[1]))
with tempfile.TemporaryDirectory() as folder:
    trainer = lightning.Trainer(default_root_dir=folder, logger=False, enable_progress_bar=False)
    found = Tuner(trainer).scale_batch_size(Network(), mode="power", steps_per_trial=4, init_val=1)
print(json.dumps({"batch_size": found}))
