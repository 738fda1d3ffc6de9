"""An average of word embeddings in JAX. Etude has the loop: it logs, saves and restores.

Embed each word, average, one linear layer: Joulin et al. 2017, Bag of tricks for efficient text
classification, arXiv:1607.01759 (S1). The next larger: a pretrained transformer, fine-tuned: Devlin
et al. 2019, arXiv:1810.04805.
"""

import jax
import jax.numpy as jnp
from passages import BUCKETS, CLASSES, load

from etude.train.jax.models import Model


class Passages:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        self.training, self.validation = load()

    def model(self, setting):
        width = setting["width"]

        def init(key):
            first, second = jax.random.split(key)
            return {
                "embedding": jax.random.normal(first, (BUCKETS, width)),
                "w": jax.random.normal(second, (width, CLASSES)) * width**-0.5,
                "b": jnp.zeros(CLASSES),
            }

        def apply(params, words):
            return params["embedding"][words].mean(axis=1) @ params["w"] + params["b"]

        return Model(init, apply)

    def loss(self, predict, batch, setting):
        words, labels = batch
        return cross_entropy(predict(words), labels).mean()

    def metrics(self, predict, batch):
        words, labels = batch
        logits = predict(words)
        return {"error": logits.argmax(-1) != labels, "loss": cross_entropy(logits, labels)}


def cross_entropy(logits, labels):
    """One value an example."""
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=-1)[:, 0]


train = Passages
