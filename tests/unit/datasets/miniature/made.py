"""Making miniatures, and how well a threshold solves them."""

from __future__ import annotations

import numpy as np

from segbench.datasets import generator as miniature
from segbench.datasets.formats import FORMATS


def tree(folder):
    files = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def make(tmp_path_factory, name, samples, test_samples, seed=0):
    root = tmp_path_factory.mktemp(name)
    miniature(name)(root, samples, test_samples, seed)
    return root


def loaded(name, root):
    source = FORMATS[name]()
    for raw in source.scan(root):
        yield raw, source.read_image(root, raw), source.read_label(root, raw)


def iou(one, other):
    return (one & other).sum() / max(1, (one | other).sum())


def otsu(image):
    """Otsu's threshold, written out: the split of greatest variance between the two sides."""
    counts = np.bincount(image.ravel(), minlength=256).astype(float)
    below = np.cumsum(counts)
    sums = np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / below, (sums[-1] - sums) / (below[-1] - below)
        between = below * (below[-1] - below) * (mean[0] - mean[1]) ** 2
    return image > int(np.nanargmax(between))


def thresholded(image, truth):
    """IoU of Otsu's threshold, on whichever side fits better."""
    bright = otsu(image[..., image.shape[2] // 2])
    return max(iou(bright, truth), iou(~bright, truth))
