"""Compute exactly what changed: code digests, the inventory, the store, a job's cost."""
