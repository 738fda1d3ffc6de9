"""A small transformer in JAX. Etude has the loop: it logs, saves and restores.

A decoder with the norm before each layer: Radford et al. 2019, Language models are unsupervised
multitask learners (S1). Letters: B examples in a batch, T characters in a window, D numbers a
character.
"""

import jax
import jax.numpy as jnp
from characters import CHARACTERS, WINDOW, load

from etude.train.jax.models import Model

HEADS = 2
DEPTH = 2


class Characters:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        self.training, self.validation = load()

    def model(self, setting):
        width = setting["width"]
        wide = 4 * width
        shapes = {"attend": (width, 3 * width), "join": (width, width)}
        shapes |= {"feed": (width, wide), "back": (wide, width)}

        def init(key):
            keys = iter(jax.random.split(key, 3 + DEPTH * len(shapes)))
            embeddings = {
                "characters": jax.random.normal(next(keys), (CHARACTERS, width)),
                "places": jax.random.normal(next(keys), (WINDOW, width)),
                "out": jax.random.normal(next(keys), (width, CHARACTERS)) * width**-0.5,
            }
            layers = [
                {
                    name: jax.random.normal(next(keys), n_m) * n_m[0] ** -0.5
                    for name, n_m in shapes.items()
                }
                for _ in range(DEPTH)
            ]
            return {**embeddings, "layers": layers}

        def apply(params, characters_BxT):
            x = params["characters"][characters_BxT] + params["places"]
            for layer in params["layers"]:
                x = x + attention(normalized(x), layer)
                x = x + jax.nn.gelu(normalized(x) @ layer["feed"]) @ layer["back"]
            return normalized(x) @ params["out"]

        return Model(init, apply)

    def loss(self, predict, batch, setting):
        return self.metrics(predict, batch)["loss"].mean()

    def metrics(self, predict, batch):
        odds = jax.nn.log_softmax(predict(batch[:, :-1]))
        loss_BxT = -jnp.take_along_axis(odds, batch[:, 1:, None], axis=-1)[..., 0]
        return {"loss": loss_BxT.mean(axis=1)}


def normalized(x):
    """Each place with mean 0 and deviation 1."""
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)


def attention(x_BxTxD, layer):
    """Causal attention of HEADS heads."""
    B, T, D = x_BxTxD.shape
    parts = (x_BxTxD @ layer["attend"]).reshape(B, T, 3, HEADS, D // HEADS)
    q, k, v = parts.transpose(2, 0, 3, 1, 4)  # each (B, HEADS, T, D / HEADS)
    scores = q @ k.swapaxes(-1, -2) * q.shape[-1] ** -0.5
    later = jnp.triu(jnp.ones((T, T), dtype=bool), 1)
    weights = jax.nn.softmax(jnp.where(later, -jnp.inf, scores))
    return (weights @ v).swapaxes(1, 2).reshape(B, T, D) @ layer["join"]


train = Characters
