"""Ready-made series of rounds."""
