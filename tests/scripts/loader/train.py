"""Trains a convolutional network on the digits: loader processes, autocast, an averaged model."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset, Subset

EPOCHS = 3
LR = 2e-3
WEIGHT_DECAY = 1e-2
EMA_DECAY = 0.98
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Digits(Dataset):
    def __init__(self):
        images, labels = load_digits(return_X_y=True)
        self.images = torch.as_tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
        self.labels = torch.as_tensor(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        shift = int(torch.randint(-1, 2, ()))
        return torch.roll(self.images[index], shift, dims=-1), self.labels[index]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.GELU())
        self.head = nn.Linear(8 * 36, 10)

    def forward(self, x):
        return self.head(self.features(x).flatten(1))


def loaders():
    digits = Digits()
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(0)).tolist()
    train, valid = Subset(digits, order[:1200]), Subset(digits, order[1200:])
    return (
        DataLoader(train, batch_size=128, shuffle=True, num_workers=2, drop_last=True),
        DataLoader(valid, batch_size=256, num_workers=1),
    )


@torch.inference_mode()
def accuracy(model, loader):
    model.eval()
    hits = sum((model(x.to(DEVICE)).argmax(1).cpu() == y).sum().item() for x, y in loader)
    return hits / len(loader.dataset)


def train(trial):
    torch.manual_seed(trial.seed)
    torch.set_float32_matmul_precision("high")
    train_loader, valid_loader = loaders()
    model = Net().to(DEVICE)
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(EMA_DECAY), use_buffers=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=trial["weight_decay"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=trial["lr"], total_steps=EPOCHS * len(train_loader)
    )
    for epoch in range(EPOCHS):
        model.train()
        for x, y in train_loader:
            with torch.autocast(DEVICE, dtype=torch.bfloat16):
                loss = nn.functional.cross_entropy(model(x.to(DEVICE)), y.to(DEVICE))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            ema.update_parameters(model)
        value = accuracy(ema, valid_loader)
        print(f"epoch {epoch + 1}/{EPOCHS}  loss {loss.item():.3f}  accuracy {value:.3f}")
        trial.report(epoch, {"train/loss": loss.item(), "valid/accuracy": value})
