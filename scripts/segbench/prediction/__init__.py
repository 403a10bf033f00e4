"""Prediction. Importing this package does not import Keras; `segbench.prediction.stage` does."""
