"""Results that only a chart shows."""
