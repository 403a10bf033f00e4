"""Trained networks on new images. Importing this package does not import Keras."""
