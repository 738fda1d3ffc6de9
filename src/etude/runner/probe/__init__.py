"""Probes: a few steps of a training in a process of its own, timed and watched."""
