"""The images: scikit-learn's handwritten digits. Give `load` your own."""

import numpy as np

try:
    from sklearn.datasets import load_digits
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "The digits come with scikit-learn: `pip install scikit-learn`, or read images of your own."
    ) from error

CLASSES = 10


def load():
    """Images (N, height, width) and labels (N,), to train on and to validate on."""
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    train, valid = order[:1200], order[1200:]
    scaled = ((pixels - pixels[train].mean()) / pixels[train].std()).astype(np.float32)
    images = scaled.reshape(-1, 8, 8)
    return (images[train], labels[train]), (images[valid], labels[valid])
