"""Stands on the path of the processes that are to be killed; Python imports what is in it."""
