"""Stage: findings become a verdict and the next round."""
