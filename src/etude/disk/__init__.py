"""The disk: files that a person keeps, and folders that a power cut leaves whole."""
