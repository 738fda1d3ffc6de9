"""A small convolutional network in JAX. Etude has the loop: it logs, saves and restores.

Two convolutions, each with a maximum over 2 x 2, then a linear layer: LeCun et al. 1998,
Gradient-based learning applied to document recognition (S1), with rectifiers. For large images, a
residual network: He et al. 2016, arXiv:1512.03385.
"""

import jax
import jax.numpy as jnp
from digits import CLASSES, load

from etude.train.jax.models import Model


class Images:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        (images, labels), (more_images, more_labels) = load()
        self.training = images[..., None], labels  # (N, height, width, channels)
        self.validation = more_images[..., None], more_labels

    def model(self, setting):
        width = setting["width"]
        height, breadth = (size // 4 for size in self.training[0].shape[1:3])  # after two maxima
        shapes = [(3, 3, 1, width), (3, 3, width, 2 * width)]
        shapes.append((height * breadth * 2 * width, CLASSES))

        def init(key):
            keys = jax.random.split(key, len(shapes))
            return [layer(*each) for each in zip(keys, shapes, strict=True)]

        def apply(params, x):
            first, second, last = params
            x = pooled(jax.nn.relu(convolved(x, first["w"]) + first["b"]))
            x = pooled(jax.nn.relu(convolved(x, second["w"]) + second["b"]))
            return x.reshape(len(x), -1) @ last["w"] + last["b"]

        return Model(init, apply)

    def loss(self, predict, batch, setting):
        images, labels = batch
        return cross_entropy(predict(images), labels).mean()

    def metrics(self, predict, batch):
        images, labels = batch
        logits = predict(images)
        return {"error": logits.argmax(-1) != labels, "loss": cross_entropy(logits, labels)}


def layer(key, shape):
    """Weights drawn evenly up to 1 / sqrt(inputs), as PyTorch draws them, and no bias yet."""
    *inputs, outputs = shape
    bound = jnp.prod(jnp.array(inputs)) ** -0.5
    return {
        "w": jax.random.uniform(key, shape, minval=-bound, maxval=bound),
        "b": jnp.zeros(outputs),
    }


def convolved(x, kernel):
    axes = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=axes)


def pooled(x):
    """The maximum of each 2 x 2 pixels."""
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def cross_entropy(logits, labels):
    """One value an example."""
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=-1)[:, 0]


train = Images
