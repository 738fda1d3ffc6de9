"""The experiment `rates` of the factories as a file."""

FILE = """
[experiment]
name = "rates"
metric = "valid/loss"
max_steps = 8
trials = 4
evaluations = 4
train = "train.py:train"

[nuisance]
learning_rate = { low = 0.01, high = 0.5 }
"""
