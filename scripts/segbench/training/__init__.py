"""Training. Importing this package does not import Keras; `segbench.training.loop` does."""
