"""Trains a small network on the digits."""

import lightning
import torch
from lightning.pytorch.tuner import Tuner
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 20
LR = 0.01
WEIGHT_DECAY = 1e-4
BATCH = 64


def data():
    images, labels = load_digits(return_X_y=True)
    images, labels = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    images, labels = images[order], labels[order]
    return (images[:1400], labels[:1400]), (images[1400:], labels[1400:])


class Digits(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.lr = LR
        self.model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

    def training_step(self, batch, _):
        x, y = batch
        loss = nn.functional.cross_entropy(self.model(x), y)
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch, _):
        x, y = batch
        error = (self.model(x).argmax(1) != y).float().mean()
        self.log("valid/error", error, prog_bar=True)

    def configure_optimizers(self):
        return torch.optim.SGD(
            self.parameters(), lr=self.lr, momentum=0.9, weight_decay=WEIGHT_DECAY
        )


def train():
    lightning.seed_everything(0)
    training, validation = data()
    loader = DataLoader(TensorDataset(*training), batch_size=BATCH, shuffle=True)
    valid_loader = DataLoader(TensorDataset(*validation), batch_size=len(validation[0]))
    model = Digits()
    trainer = lightning.Trainer(max_epochs=EPOCHS, log_every_n_steps=10)
    trainer.fit(model, loader, valid_loader)
    print(Tuner(lightning.Trainer(max_epochs=EPOCHS)).lr_find(Digits(), loader).suggestion())


if __name__ == "__main__":
    train()
