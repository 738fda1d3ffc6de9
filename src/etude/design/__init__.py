"""Stage: an experiment becomes studies."""
