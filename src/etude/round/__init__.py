"""One round from start to end: the only stage that sees all others."""
