"""Apply trained networks to a folder of new images; unchanged results come from the store."""

from __future__ import annotations

import json
import logging
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from segbench.decoders.decoder import Choices
from segbench.decoders.faults import warn_once
from segbench.decoders.registry import is_folder_image
from segbench.errors import SegbenchError
from segbench.files import write_text
from segbench.imaging.pixel_values import image_scale
from segbench.inference.arm_model import ArmModel
from segbench.inference.folder import OutputDir
from segbench.inference.images import NewImage, collisions, read_manifest
from segbench.inference.labels import Labels
from segbench.inference.masks import mask_files, pack, unpack
from segbench.inference.objects import collect_objects, origin_of, write_classes
from segbench.inference.preparing import Opened, Preparer, named
from segbench.inference.writing import FACTS, OBJECTS, OVERLAY, Writer
from segbench.provenance.store import Store, key_of
from segbench.store_location import store_location

if TYPE_CHECKING:
    from segbench.prediction.networks import Predictor

log = logging.getLogger(__name__)


def apply_model(
    manifest: str | Path,
    networks: Sequence[str | Path],
    table: str | Path | None,
    settings: Mapping[str, Any],
    code: str,
    outputs: Mapping[str, str | Path],
    terminal: IO[str] | None = None,
) -> int:
    """Segment a folder of new images with the networks of one arm, averaged.

    Parameters
    ----------
    manifest : path
        The images, see `segbench.inference.images.write_manifest`.
    networks, table, settings
        See `segbench.inference.arm_model.ArmModel.choose`.
    code : str
        Digest of the code, for the store.
    outputs : mapping of str to path
        ``applied`` (applied.json; ``masks/`` and ``overlays/`` go to the same folder),
        ``objects`` (Parquet), ``turtle`` and ``jsonld``.
    terminal : file, optional
        Shows a progress bar if it is a terminal.

    Returns
    -------
    int
        Number of images that were computed, not restored from the store.

    Raises
    ------
    SegbenchError
        The networks do not fit their recipes, or the folder holds another model's results.
        An image that cannot be segmented is listed in applied.json; the others are still done.
    """
    arm = ArmModel.choose(settings, networks, table)
    log.info("applying %s: %d networks", "/".join(map(str, arm.names.values())), len(arm.networks))
    images, others = read_manifest(Path(manifest))
    for name in others:
        log.warning(f"{name}: not an image, so not read")
    paths = {key: Path(path) for key, path in outputs.items()}
    hidden = terminal is None or not terminal.isatty()
    with (
        tempfile.TemporaryDirectory() as parts,
        tqdm(total=len(images), file=terminal, unit="image", desc="apply", leave=False,
             disable=hidden) as bar,
    ):  # fmt: skip
        work = _Run(arm, settings, code, images, others, paths["applied"].parent, Path(parts), bar)
        computed = work.run()
        work.collect(paths)
    write_text(paths["applied"], json.dumps(work.record(), indent=1, sort_keys=True) + "\n")
    log.info(
        f"{len(images)} images: {computed} segmented, {len(work.facts) - computed} unchanged, "
        f"{len(work.failed)} failed"
    )
    return computed


@dataclass
class _Run:
    """One run over a folder of images, and its results so far."""

    arm: ArmModel
    settings: Mapping[str, Any]
    code: str
    images: list[NewImage]
    others: list[str]
    results: Path
    parts: Path
    bar: Any
    failed: dict[str, SegbenchError] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = Path(self.settings["images"])
        labels = self.settings["labels"]
        self.labels = Labels(labels["task"], dict(labels["classes"]))
        self.store = Store(store_location())
        self.choices = Choices(**self.settings["choices"])
        self.preparer = Preparer(
            self.folder, self.images, self.arm.preprocessing, self.settings["spacing_um"],
            self.choices,
        )  # fmt: skip
        self.writer = Writer(self.folder, self.choices, self.labels, self.arm.recipe)
        self.output_dir = OutputDir(self.results, self.arm.digests, self.settings["model"])

    def run(self) -> int:
        """Restore or compute every image; returns the number of computed ones."""
        self.output_dir.plan(path for image in self.images for path in self.kept(image))
        todo: dict[str, tuple[NewImage, str]] = {}
        colliding = collisions(self.images)
        for image in self.images:
            key = self.key(image)
            if image.name in colliding:
                self.fail(image, colliding[image.name])
            elif self.store.restore(key, self.outputs(image)) is not None:
                for packed, folder in self.packed(image):
                    unpack(packed, folder)
                self.done(image, "unchanged, from the store")
            else:
                todo[image.name] = image, key
        restored = len(self.facts)
        if todo:
            self.compute(todo)
        return len(self.facts) - restored

    def outputs(self, image: NewImage) -> dict[str, Path]:
        """All files of an image's result; masks that are folders are packed."""
        part = self.parts / image.name
        masks = {
            key: part / f"{key}.zip" if is_folder_image(path) else self.results / path
            for key, path in self.masks(image).items()
        }
        return {
            **masks,
            OVERLAY: self.overlay(image),
            OBJECTS: part / "objects.parquet",
            FACTS: part / "facts.json",
        }

    def overlay(self, image: NewImage) -> Path:
        """The overlay of an image."""
        return self.results / "overlays" / f"{image.stem}.png"

    def masks(self, image: NewImage) -> dict[str, str]:
        """The masks of an image, below the results folder."""
        files = mask_files(image, self.labels.task, list(self.labels.classes))
        return {key: f"masks/{path}" for key, path in files.items()}

    def in_place(self, image: NewImage) -> dict[str, Path]:
        """The masks of an image, in the results folder."""
        return {key: self.results / path for key, path in self.masks(image).items()}

    def packed(self, image: NewImage) -> list[tuple[Path, Path]]:
        """The masks that are folders: packed, and in place."""
        outputs, masks = self.outputs(image), self.in_place(image)
        return [(outputs[key], path) for key, path in masks.items() if is_folder_image(path.name)]

    def kept(self, image: NewImage) -> list[Path]:
        """The files and folders of an image's result that stay in the results folder."""
        return [*self.in_place(image).values(), self.overlay(image)]

    def key(self, image: NewImage) -> str:
        """The key of an image's result in the store; independent of the image's name."""
        return key_of(
            {
                "rule": "apply",
                "code": self.code,
                "networks": self.arm.digests,
                "preprocessing": self.arm.preprocessing.model_dump(mode="json"),
                "recipe": self.arm.recipe.model_dump(mode="json"),
                "labels": self.labels.plain(),
                "spacing_um": self.settings["spacing_um"],
                "choices": self.settings["choices"],
                "ending": image.ending,
                "images": self.preparer.depends_on(image),
            }
        )

    def done(self, image: NewImage, how: str) -> None:
        """Note that an image's result is in place."""
        self.facts[image.name] = json.loads(self.outputs(image)[FACTS].read_text("utf-8"))
        self.output_dir.add(self.kept(image))
        for note in self.facts[image.name]["notes"]:
            warn_once(f"{self.folder / image.name}: {note}")
        self._step(image, how)

    def fail(self, image: NewImage, error: SegbenchError) -> None:
        """Note that an image failed."""
        self.failed[image.name] = named(self.folder, image, error)
        self._step(image, f"FAILED: {self.failed[image.name]}")

    def _step(self, image: NewImage, what: str) -> None:
        count = len(self.facts) + len(self.failed)
        log.info(f"{count} of {len(self.images)}: {image.name}: {what}")
        self.bar.update()

    def compute(self, todo: Mapping[str, tuple[NewImage, str]]) -> None:
        """Predict, segment, draw and measure; images share batches, large ones do not."""
        from segbench.prediction.networks import Predictor

        networks = [network["path"] for network in self.arm.networks]
        predictor = Predictor(networks, self.arm.recipe, self.labels.attributes)
        waiting: deque[Opened] = deque()
        images = self._opened(todo, predictor, waiting)
        for probability in predictor.maps(images):
            opened = waiting.popleft()
            image, key = todo[opened.source.name]
            try:
                self.writer.write(opened, probability, self.in_place(image), self.outputs(image))
            except SegbenchError as error:
                self.fail(image, error)
                continue
            self._publish(image, key)

    def _publish(self, image: NewImage, key: str) -> None:
        for packed, folder in self.packed(image):
            pack(folder, packed)
        self.store.publish(key, self.outputs(image), {"rule": "apply"})
        self.done(image, "segmented")

    def _opened(
        self, todo: Mapping[str, tuple[NewImage, str]], predictor: Predictor,
        waiting: deque[Opened],
    ) -> Iterator[Any]:  # fmt: skip
        """Pixels for the networks; large images are done at once, unreadable ones fail."""
        from segbench.prediction.sources import ArrayVolume

        scale = np.float32(image_scale(self.arm.preprocessing.dtype))
        for image, key in todo.values():
            try:
                if self.labels.task != "classification" and self._is_done_large(image, predictor):
                    self._publish(image, key)
                    continue
                opened = self.preparer.open(image)
                _check_fits(image, opened.prepared.shape, predictor)
            except SegbenchError as error:
                self.fail(image, error)
                continue
            waiting.append(opened)
            if opened.prepared.ndim == 4:
                yield ArrayVolume(opened.prepared, scale)
            else:
                yield opened.prepared.astype(np.float32) * scale

    def _is_done_large(self, image: NewImage, predictor: Predictor) -> bool:
        """Write the result of an image that is too large to be in memory, if it is one."""
        opened = self.preparer.open_large(image)
        if opened is None:
            return False
        _check_fits(image, opened.shape, predictor)
        self.writer.write_large(
            image, opened, self.preparer.spacing_of(opened.header), predictor.bands(opened),
            self.in_place(image), self.outputs(image),
        )  # fmt: skip
        return True

    def collect(self, paths: Mapping[str, Path]) -> None:
        """Write the tables of all images, and remove files of images that are gone."""
        done = [image for image in self.images if image.name in self.facts]
        tables = {image.name: self.outputs(image)[OBJECTS] for image in done}
        files = [path for image in done for path in self.kept(image)]
        origin = origin_of(self.results, files, self.folder, self.arm.networks)
        collect_objects(origin, done, tables, self.facts, paths)
        if self.labels.task == "classification":
            write_classes(self.facts, done, self.results / "classes.tsv")
            self.output_dir.add([self.results / "classes.tsv"])
        self.output_dir.finish()

    def record(self) -> dict[str, Any]:
        """The content of applied.json: networks, recipes, images, failures and other files."""
        recipe = {"network", "target", "prediction", "instances", "decision"}
        return {
            "model": self.settings["model"],
            "study": self.settings["study"],
            "arm": self.arm.names,
            "networks": self.arm.networks,
            "preprocessing": self.arm.preprocessing.model_dump(
                mode="json", exclude={"description"}
            ),
            "recipe": self.arm.recipe.model_dump(mode="json", include=recipe),
            "labels": self.labels.plain(),
            "images": [
                {
                    "image": image.name,
                    "sha256": image.sha256,
                    "masks": list(self.masks(image).values()),
                    "overlay": f"overlays/{image.stem}.png",
                    **self.facts[image.name],
                }
                for image in self.images
                if image.name in self.facts
            ],
            "failed": [
                {
                    "image": name,
                    "error": {"what": e.what, "expected": e.expected, "action": e.action},
                }
                for name, e in sorted(self.failed.items())
            ],
            "others": self.others,
        }


def _check_fits(image: NewImage, shape: tuple[int, ...], predictor: Predictor) -> None:
    axes, channels = len(predictor.image_axes) - 1, predictor.channels
    found = len(shape) - 1, shape[-1]
    if found != (axes, channels):
        raise SegbenchError(
            f"{image.name}: a {found[0]}-D image with {found[1]} channels",
            f"{axes}-D images with {channels} channels, as the network was trained on",
            "use images like those of the study, or a model that fits these",
        )
