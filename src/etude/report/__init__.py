"""The report: one HTML file that needs nothing else, and its charts as pictures."""
