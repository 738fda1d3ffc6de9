"""The border for text of files, training and other tools: each place gets what it can hold."""
