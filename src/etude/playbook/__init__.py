"""The playbook: its rules in a sentence each, and a catalogue of common hyperparameters."""
