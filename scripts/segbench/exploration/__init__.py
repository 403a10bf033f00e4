"""Exploration: what a dataset looks like before anything is learnt from it."""
