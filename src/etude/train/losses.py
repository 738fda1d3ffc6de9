"""Losses whose numbers may differ between the trials of a stack."""

from __future__ import annotations

from torch import Tensor


def cross_entropy(
    logits: Tensor, labels: Tensor, *, label_smoothing: float | Tensor = 0.0
) -> Tensor:
    """The mean of (1 - e) nll(label) + e mean(nll), with e the label smoothing.

    As `torch.nn.functional.cross_entropy`, whose `label_smoothing` must be a Python number: in a
    stack of trials that differ in it, it is a tensor. Szegedy et al. 2016, arXiv:1512.00567,
    section 7.

    Args:
        logits: The last axis has one value a class, whatever stands before it.
        labels: Classes by number, shaped as the logits without that axis.
        label_smoothing: From 0 to 1.

    >>> import torch
    >>> cross_entropy(torch.zeros(3, 4), torch.tensor([0, 1, 2]), label_smoothing=0.1)
    tensor(1.3863)
    """
    log_odds = logits.log_softmax(-1)
    missed = -log_odds.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    if isinstance(label_smoothing, Tensor) or label_smoothing:
        missed = missed + label_smoothing * (-log_odds.mean(-1) - missed)
    return missed.mean()
