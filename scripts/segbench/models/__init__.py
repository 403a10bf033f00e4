"""The networks and their losses. Importing this package does not import Keras."""

from __future__ import annotations

import os

# TensorFlow prints its start-up notes before anyone can ask it not to.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
