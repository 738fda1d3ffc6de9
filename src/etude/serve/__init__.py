"""The live page: a report that is served while its trials train."""
