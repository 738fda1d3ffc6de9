"""The rows of `truth.py`: one claim of Etude a file, each with a `ROW`."""
