"""Other people's tools: what they recorded comes in, what Etude recorded goes out."""
