"""From what readers hand on to one experiment."""
