"""Tables of text cells as people and tools export them: a row a trial, or a row a step."""
