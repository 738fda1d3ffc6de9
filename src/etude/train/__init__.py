"""The training loop that Etude owns: a workload in, a trial's values and checkpoints out."""
