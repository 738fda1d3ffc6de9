"""Parsers for files that others wrote, so that none does harm."""
