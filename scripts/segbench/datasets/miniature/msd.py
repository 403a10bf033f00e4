"""A miniature of the Decathlon's Task01_BrainTumour: made-up heads in four modalities.

As in the real ones: voxels outside the brain are 0; each modality has its own scale in each
case; edema is bright in FLAIR and T2, the rim that takes up contrast agent is bright in T1gd
alone, the core within it is dark there; regions are nested; every fifth tumour has no rim. The
folder also holds files that macOS leaves in archives, and test images without labels on request.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy import ndimage

from segbench.datasets.miniature.drawing import generator
from segbench.decoders.nifti import nifti_bytes
from segbench.files import write_text

FOLDER = "Task01_BrainTumour"

#: Depth, height and width in voxels of 1 mm; published are 155 x 240 x 240.
SIZE = (32, 48, 40)

#: Grey values in FLAIR, T1w, T1gd and T2w of brain, edema, non-enhancing and enhancing tumour.
GREY = np.array(
    [
        [500, 600, 600, 500],
        [900, 480, 500, 850],
        [650, 380, 380, 900],
        [700, 500, 1150, 700],
    ],
    np.float64,
)

#: The head of the publisher's dataset.json, whose spelling is kept.
DESCRIPTION = {
    "name": "BRATS",
    "description": "Gliomas segmentation tumour and oedema in on brain images",
    "reference": "https://www.med.upenn.edu/sbia/brats2017.html",
    "licence": "CC-BY-SA 4.0",
    "release": "2.0 04/05/2018",
    "tensorImageSize": "4D",
    "modality": {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"},
    "labels": {
        "0": "background",
        "1": "edema",
        "2": "non-enhancing tumor",
        "3": "enhancing tumour",
    },
}

#: What macOS writes beside each file of an archive: the head of an AppleDouble file.
APPLE_DOUBLE = bytes.fromhex("0005160700020000") + b"Mac OS X        " + bytes(2)


def generate(root: Path, samples: int, test_samples: int, seed: int) -> None:
    """Write the miniature under `root`.

    Parameters
    ----------
    root : Path
        Folder that receives `Task01_BrainTumour`.
    samples : int
        Cases with a label.
    test_samples : int
        Cases of the publisher's test set, which have none and are not read.
    seed : int
        The same seed gives the same bytes.
    """
    base = root / FOLDER
    for folder in ("imagesTr", "labelsTr", "imagesTs"):
        (base / folder).mkdir(parents=True, exist_ok=True)
    training, test = [], []
    for number in range(samples + test_samples):
        name = f"BRATS_{number + 1:03d}.nii.gz"
        image, label = draw_case(seed, number)
        folder = "imagesTr" if number < samples else "imagesTs"
        (base / folder / name).write_bytes(nifti_bytes(image, np.eye(4)))
        if number < samples:
            (base / "labelsTr" / name).write_bytes(nifti_bytes(label, np.eye(4)))
            training.append({"image": f"./imagesTr/{name}", "label": f"./labelsTr/{name}"})
        else:
            test.append(f"./imagesTs/{name}")
    for folder in ("imagesTr", "labelsTr"):
        (base / folder / "._BRATS_001.nii.gz").write_bytes(APPLE_DOUBLE)
    content = {
        **DESCRIPTION,
        "numTraining": samples,
        "numTest": test_samples,
        "training": training,
        "test": test,
    }
    write_text(base / "dataset.json", json.dumps(content, indent=1) + "\n")


def draw_case(seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one head.

    Returns
    -------
    image : ndarray of float32, (z, y, x, modality)
        Whole numbers, 0 outside the brain.
    label : ndarray of uint8, (z, y, x)
        0 background, 1 edema, 2 non-enhancing, 3 enhancing tumour.
    """
    rng = generator(seed, 3, number)
    middle = np.array(SIZE) / 2 + rng.uniform(-1, 1, 3)
    brain = _ellipsoid(middle, np.array([13.5, 20.5, 16.5]) * rng.uniform(0.92, 1, 3)) < 1
    label = _tumour(rng, middle, rim=number % 5 != 4)
    label[~brain] = 0
    # Borders between tissues are as blurred as the scanner is.
    mean = ndimage.gaussian_filter(GREY[label], (0.6, 0.6, 0.6, 0))
    image = mean * (1 + 0.08 * _grain(rng, 6.0)) + 45 * _grain(rng, 0.5)
    image *= rng.uniform(0.7, 1.4, 4)
    image[~brain] = 0
    return np.maximum(np.rint(image), brain[..., None]).astype(np.float32), label


def _tumour(rng: np.random.Generator, middle: np.ndarray, rim: bool) -> np.ndarray:
    """Edema around a core whose outer part takes up contrast agent."""
    direction = rng.standard_normal(3)
    centre = middle + direction / np.linalg.norm(direction) * np.array([4.0, 8.0, 6.0])
    radius = rng.uniform(6.5, 9.0)
    core = centre + rng.uniform(-1, 1, 3)
    wobble = 1 + 0.12 * _grain(rng, 4.0)[..., 0]
    label = np.zeros(SIZE, np.uint8)
    label[_ellipsoid(centre, radius * rng.uniform(0.85, 1.15, 3)) * wobble < 1] = 1
    depth = _ellipsoid(core, np.full(3, 0.66 * radius)) * wobble
    label[(depth < 1) & (label == 1)] = 3 if rim else 2
    label[(depth < 0.68) & (label > 1)] = 2
    return label


def _ellipsoid(centre: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Distance from the centre in units of the radii, (z, y, x)."""
    axes = np.ogrid[tuple(slice(side) for side in SIZE)]
    squares = [((a - c) / r) ** 2 for a, c, r in zip(axes, centre, radii, strict=True)]
    distance: np.ndarray = np.sqrt(squares[0] + squares[1] + squares[2])
    return distance


def _grain(rng: np.random.Generator, sigma: float) -> np.ndarray:
    """Smoothed noise of standard deviation 1, (z, y, x, modality)."""
    noise: np.ndarray = ndimage.gaussian_filter(
        rng.standard_normal((*SIZE, 4)), (sigma, sigma, sigma, 0)
    )
    noise /= noise.std()
    return noise
