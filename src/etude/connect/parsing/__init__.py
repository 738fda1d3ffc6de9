"""Files from elsewhere, read so that none does harm."""
