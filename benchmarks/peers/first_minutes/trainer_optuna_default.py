"""Trains a small BERT to tell which half of a text's words is the larger one."""

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

CONFIG = BertConfig(
    vocab_size=64,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
)


def data(examples, seed):
    words = torch.randint(64, (examples, 16), generator=torch.Generator().manual_seed(seed))
    labels = (words[:, :8].sum(1) > words[:, 8:].sum(1)).long()
    return [{"input_ids": row, "labels": label} for row, label in zip(words, labels, strict=True)]


def main():
    args = TrainingArguments(
        output_dir="out",
        learning_rate=1e-3,
        weight_decay=0.01,
        per_device_train_batch_size=16,
        num_train_epochs=3,
        eval_strategy="epoch",
        report_to="none",
    )
    trainer = Trainer(
        model_init=lambda: BertForSequenceClassification(CONFIG),
        args=args,
        train_dataset=data(512, seed=0),
        eval_dataset=data(256, seed=1),
    )
    print(trainer.hyperparameter_search(n_trials=12))


if __name__ == "__main__":
    main()
