"""A BERT of two small layers and 8 pairs: what the walk-through is tried on, for no result."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertConfig, BertModel, BertTokenizer

PAIRS = (
    ("A cat sleeps on the mat.", "A cat sleeps.", "entailment"),
    ("No dog barks.", "A dog barks.", "not_entailment"),
)
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "dog", "sleeps", "barks", ".")


def made_tiny(folder: Path) -> Path:
    """The folder of a model with random weights; `train.tsv` and `dev.tsv` stand beside it."""
    model = folder / "model"
    tokenizer = BertTokenizer(vocab={word: place for place, word in enumerate(WORDS)})
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(model)
    tokenizer.save_pretrained(model)
    rows = ["\t".join((str(place), *PAIRS[place % 2])) for place in range(8)]
    text = "\n".join(("index\tsentence1\tsentence2\tlabel", *rows, ""))
    for part in ("train", "dev"):
        (folder / f"{part}.tsv").write_text(text, encoding="utf-8")
    return model
