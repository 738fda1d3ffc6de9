"""The loop for workloads whose model is PyTorch's."""
