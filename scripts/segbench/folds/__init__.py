"""Folds: the role of each sample, and the checks before training."""
