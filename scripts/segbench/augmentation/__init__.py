"""Copies of the samples: amplification made once, jitter drawn anew each epoch.

Nothing is imported here: `jitter` needs Keras, which takes seconds to load.
"""
