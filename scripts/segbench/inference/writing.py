"""All files of an image's result, from what the networks say of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segbench.config.model import Model
from segbench.decoders.decoder import Choices
from segbench.files import write_text
from segbench.inference.images import NewImage
from segbench.inference.labels import Labels
from segbench.inference.large_image import LargeImage
from segbench.inference.large_label import write_label
from segbench.inference.large_objects import measure_large, overview
from segbench.inference.masks import write_masks
from segbench.inference.objects import measure_objects
from segbench.inference.overlays import LARGEST, draw_class, draw_overlay
from segbench.inference.preparing import Opened
from segbench.instances.stage import sample_label
from segbench.prediction.averaging import check_finite

#: The outputs of an image beside its masks.
OVERLAY, OBJECTS, FACTS = "overlay", "objects", "facts"
#: What to do about a network whose output is not a number.
ADVICE = "apply another model; this one diverges on such an image"


@dataclass(frozen=True)
class Writer:
    """Writes results.

    Attributes
    ----------
    folder : Path
        The folder of images.
    choices : Choices
        What is said of them.
    labels : Labels
    recipe : Model
        Of the networks.
    """

    folder: Path
    choices: Choices
    labels: Labels
    recipe: Model

    def write(
        self, opened: Opened, probability: np.ndarray, masks: Mapping[str, Path],
        outputs: Mapping[str, Path],
    ) -> None:  # fmt: skip
        """Write the result of one image.

        Parameters
        ----------
        opened : Opened
        probability : ndarray
            See `segbench.instances.stage.sample_label`.
        masks : mapping of str to Path
            See `segbench.inference.masks.write_masks`.
        outputs : mapping of str to Path
            ``overlay``, ``objects``, ``facts``.

        Raises
        ------
        SegbenchError
            The probabilities are not finite, or the image's format cannot hold the mask.
        """
        check_finite(opened.source.name, probability, ADVICE)
        # The study stores probabilities as float16; the same rounding gives the same label.
        stored = probability.astype(np.float16)
        made = sample_label(stored, opened.size, opened.crop, self.labels.attributes, self.recipe)
        label = made["label"]
        facts = _facts(opened.size, opened.spacing_mm, opened.notes)
        if self.labels.task == "classification":
            rounded = map(float, made["probability"].round(4))
            facts["class"] = self.labels.name_of(int(label[0]))
            facts["probability"] = dict(zip(self.labels.classes, rounded, strict=True))
            top = sorted(facts["probability"].items(), key=lambda item: -item[1])[:3]
            lines = [facts["class"], *(f"{name}: {value:.2f}" for name, value in top)]
            draw_class(opened.original, lines, outputs[OVERLAY])
        else:
            self._write_masks(label, opened.source, masks)
            draw_overlay(opened.original, label, self.labels.attributes, outputs[OVERLAY])
        facts["objects"] = measure_objects(
            opened.original, label, self.labels, opened.spacing_mm, outputs[OBJECTS]
        )
        write_text(outputs[FACTS], json.dumps(facts, sort_keys=True))

    def write_large(
        self, source: NewImage, image: LargeImage, spacing_mm: Sequence[float] | None,
        bands: Iterable[tuple[int, np.ndarray]], masks: Mapping[str, Path],
        outputs: Mapping[str, Path],
    ) -> None:  # fmt: skip
        """Write the result of an image that is too large to be in memory.

        Parameters
        ----------
        source, image
        spacing_mm : sequence of float or None
            Of the image: (y, x).
        bands : iterable of (int, ndarray)
            See `segbench.prediction.blending.predict_bands`.
        masks, outputs
            See `write`.
        """
        height, width = image.header.size
        with tempfile.TemporaryDirectory() as work:
            label = write_label(
                _finite(source.name, bands), (height, width), self.labels.attributes,
                self.recipe, Path(work, "label"),
            )  # fmt: skip
            self._write_masks(label, source, masks)
            small, small_label = overview(image.rows, label, LARGEST)
            draw_overlay(small, small_label, self.labels.attributes, outputs[OVERLAY])
            count, told = measure_large(
                image.rows, label, self.labels, spacing_mm, outputs[OBJECTS]
            )
        notes = (*image.header.notes, *sorted(image.remarks), *([told] if told else []))
        facts = _facts(image.header.size, spacing_mm, notes)
        write_text(outputs[FACTS], json.dumps({**facts, "objects": count}, sort_keys=True))

    def _write_masks(self, label: np.ndarray, image: NewImage, masks: Mapping[str, Path]) -> None:
        write_masks(label, masks, self.folder / image.name, self.choices, self.labels)


def _facts(
    size: Sequence[int], spacing_mm: Sequence[float] | None, notes: Sequence[str]
) -> dict[str, Any]:
    spacing = None if spacing_mm is None else list(spacing_mm)
    return {"size": list(size), "spacing_mm": spacing, "notes": list(notes)}


def _finite(name: str, bands: Iterable[tuple[int, np.ndarray]]) -> Iterator[tuple[int, np.ndarray]]:
    for first, maps in bands:
        check_finite(name, maps, ADVICE)
        yield first, maps
