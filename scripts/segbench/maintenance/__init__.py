"""Maintenance of a shared store: verify it, prune it, see what fills it."""
