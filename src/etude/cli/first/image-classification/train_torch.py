"""A small convolutional network in PyTorch. Etude has the loop: it logs, saves and restores.

Two convolutions, each with a maximum over 2 x 2, then a linear layer: LeCun et al. 1998,
Gradient-based learning applied to document recognition (S1), with rectifiers. For large images, a
residual network: He et al. 2016, arXiv:1512.03385, `torchvision.models.resnet18`.
"""

import torch
from digits import CLASSES, load
from torch import nn
from torch.nn import functional as F


class Images:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        (images, labels), (more_images, more_labels) = load()
        self.training = torch.as_tensor(images)[:, None], torch.as_tensor(labels)
        self.validation = torch.as_tensor(more_images)[:, None], torch.as_tensor(more_labels)
        self.places = (images.shape[1] // 4) * (images.shape[2] // 4)  # after two maxima

    def model(self, setting):
        width = setting["width"]
        return nn.Sequential(
            nn.Conv2d(1, width, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(2 * width * self.places, CLASSES),
        )

    def loss(self, predict, batch, setting):
        images, labels = batch
        return F.cross_entropy(predict(images), labels)

    def metrics(self, predict, batch):
        images, labels = batch
        logits = predict(images)
        wrong = logits.argmax(dim=-1) != labels
        loss = F.cross_entropy(logits, labels, reduction="none")
        return {"error": wrong.double(), "loss": loss}


train = Images
