"""The border for text: what comes from files, training and other tools, as each place can hold it."""
