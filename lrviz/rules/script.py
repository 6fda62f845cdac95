"""LR7xx: the loop of a training script."""
