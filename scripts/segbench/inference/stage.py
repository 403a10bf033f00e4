"""Apply trained networks to a folder of new images; what is known already is not computed."""

from __future__ import annotations

import json
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from segbench.config.model import Model
from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.files import sha256_of_file, write_text
from segbench.imaging.quantise import image_scale
from segbench.inference.folder import OutputDir
from segbench.inference.images import NewImage, affine_of, collisions, read_manifest
from segbench.inference.masks import mask_files, write_masks
from segbench.inference.objects import collect_objects, measure_objects, origin_of, write_classes
from segbench.inference.overlays import draw_class, draw_overlay
from segbench.inference.preparing import Opened, Preparer, named
from segbench.inference.progress import Progress
from segbench.inference.segmenting import Labels, segment_image
from segbench.provenance.store import Store, key_of

if TYPE_CHECKING:
    from segbench.prediction.networks import Predictor

#: What an image's result consists of beside its masks: drawn, measured, told.
OVERLAY, OBJECTS, FACTS = "overlay", "objects", "facts"


@dataclass(frozen=True)
class ArmModel:
    """The networks that are applied and their recipes.

    Attributes
    ----------
    names : dict
        Of the recipes, and seed.
    networks : list of (Path, int)
        Files and folds; of several seeds one after the other.
    preprocessing, recipe
        What they were trained with.
    """

    names: dict[str, Any]
    networks: list[tuple[Path, int]]
    preprocessing: Preprocessing
    recipe: Model


@dataclass
class _Run:
    """One call of `run`; see there."""

    arm: ArmModel
    labels: Labels
    digests: list[str]
    code: str
    folder: Path
    results: Path
    parts: Path
    store: Store
    preparer: Preparer
    written: OutputDir
    progress: Progress
    failed: dict[str, SegbenchError] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def outputs(self, image: NewImage) -> dict[str, Path]:
        """Every file that an image's result consists of."""
        masks = mask_files(image, self.labels.task, list(self.labels.classes))
        part = self.parts / image.name
        return {
            **{key: self.results / "masks" / path for key, path in masks.items()},
            OVERLAY: self.results / "overlays" / f"{image.stem}.png",
            OBJECTS: part / "objects.parquet",
            FACTS: part / "facts.json",
        }

    def kept(self, image: NewImage) -> list[Path]:
        """Those of them that stay in the folder of results."""
        return [path for path in self.outputs(image).values() if path.is_relative_to(self.results)]

    def key(self, image: NewImage, spacing_um: Any) -> str:
        """The key of an image's result in the store: not its name, which changes nothing."""
        return key_of(
            {
                "rule": "apply",
                "code": self.code,
                "networks": self.digests,
                "preprocessing": self.arm.preprocessing.model_dump(mode="json"),
                "recipe": self.arm.recipe.model_dump(mode="json"),
                "labels": self.labels.plain(),
                "spacing_um": spacing_um,
                "ending": image.ending,
                "images": self.preparer.depends_on(image),
            }
        )

    def restore(self, image: NewImage, key: str) -> bool:
        """Put what the store has of an image in place."""
        outputs = self.outputs(image)
        if self.store.restore(key, outputs) is None:
            return False
        self.done(image, outputs, "unchanged, from the store")
        return True

    def done(self, image: NewImage, outputs: Mapping[str, Path], what: str) -> None:
        """Note that an image's result is in place."""
        self.facts[image.name] = json.loads(outputs[FACTS].read_text("utf-8"))
        self.written.add(self.kept(image))
        self.progress.step(image.name, what)

    def fail(self, image: NewImage, error: SegbenchError) -> None:
        """Note that an image cannot be done; the others are."""
        self.failed[image.name] = named(self.folder, image, error)
        self.progress.step(image.name, f"FAILED: {self.failed[image.name]}")

    def compute(self, todo: Mapping[str, tuple[NewImage, str]]) -> None:
        """Predict, segment, draw and measure; images go through the networks together."""
        from segbench.prediction.networks import Predictor

        networks = [path for path, _ in self.arm.networks]
        predictor = Predictor(networks, self.arm.recipe, self.labels.attributes)
        waiting: deque[Opened] = deque()
        images = self._opened(todo, predictor, waiting)
        for probability in predictor.maps(images):
            opened = waiting.popleft()
            image, key = todo[opened.source.name]
            try:
                outputs = self._finish(opened, probability)
            except SegbenchError as error:
                self.fail(image, error)
                continue
            self.store.publish(key, outputs, {"rule": "apply"})
            self.done(image, outputs, "segmented")

    def _opened(
        self,
        todo: Mapping[str, tuple[NewImage, str]],
        predictor: Predictor,
        waiting: deque[Opened],
    ) -> Iterator[Any]:
        """Pixels for the networks; images that cannot be opened are left out."""
        from segbench.prediction.sources import ArrayVolume

        scale = np.float32(image_scale(self.arm.preprocessing.dtype))
        for image, _ in todo.values():
            try:
                opened = self.preparer.open(image)
                _check_fits(opened, predictor)
            except SegbenchError as error:
                self.fail(image, error)
                continue
            waiting.append(opened)
            if opened.prepared.ndim == 4:
                yield ArrayVolume(opened.prepared, scale)
            else:
                yield opened.prepared.astype(np.float32) * scale

    def _finish(self, opened: Opened, probability: np.ndarray) -> dict[str, Path]:
        """From the probabilities of an image to all files of its result."""
        image, outputs = opened.source, self.outputs(opened.source)
        label, stored = segment_image(opened, probability, self.labels, self.arm.recipe)
        facts: dict[str, Any] = {
            "size": list(opened.size),
            "spacing_mm": None if opened.spacing_mm is None else list(opened.spacing_mm),
        }
        overlay = outputs[OVERLAY]
        if self.labels.task == "classification":
            facts["class"] = self.labels.name_of(int(label[0]))
            facts["probability"] = dict(
                zip(self.labels.classes, map(float, stored.round(4)), strict=True)
            )
            told = sorted(facts["probability"].items(), key=lambda item: -item[1])[:3]
            lines = [f"{facts['class']}", *(f"{name}: {value:.2f}" for name, value in told)]
            draw_class(opened.original, lines, overlay)
        else:
            masks = {key: path for key, path in outputs.items() if key.startswith("mask")}
            write_masks(label, masks, affine_of(self.folder, image, opened.spacing_mm))
            draw_overlay(opened.original, label, self.labels.attributes, overlay)
        facts["objects"] = measure_objects(
            opened.original, label, self.labels, opened.spacing_mm, outputs[OBJECTS]
        )
        write_text(outputs[FACTS], json.dumps(facts, sort_keys=True))
        return outputs


def _check_fits(opened: Opened, predictor: Predictor) -> None:
    axes, channels = len(predictor.image_axes) - 1, predictor.channels
    found = opened.prepared.ndim - 1, opened.prepared.shape[-1]
    if found != (axes, channels):
        raise SegbenchError(
            f"{opened.source.name}: a {found[0]}-D image of {found[1]} channels",
            f"{axes}-D images of {channels} channels, as the network was trained on",
            "give images like those of the study, or apply a model that fits these",
        )


def run(
    arm: ArmModel,
    labels: Labels,
    settings: Mapping[str, Any],
    code: str,
    manifest: Path,
    results: Path,
    outputs: Mapping[str, Path],
    store: Store,
    say: Callable[[str], None],
    terminal: IO[str] | None = None,
) -> int:
    """Segment all images of a manifest, see `segbench.inference.apply_model`."""
    images = read_manifest(manifest)
    folder, spacing_um = Path(settings["images"]), settings["spacing_um"]
    networks = [{"path": str(path), "sha256": sha256_of_file(path), "fold": fold}
                for path, fold in arm.networks]  # fmt: skip
    digests = sorted(str(network["sha256"]) for network in networks)
    written = OutputDir(results, digests, settings["model"])
    preparer = Preparer(folder, images, arm.preprocessing, spacing_um)
    with tempfile.TemporaryDirectory() as parts, Progress(len(images), say, terminal) as progress:
        work = _Run(
            arm, labels, digests, code, folder, results, Path(parts), store, preparer, written,
            progress,
        )  # fmt: skip
        written.plan(path for image in images for path in work.kept(image))
        todo: dict[str, tuple[NewImage, str]] = {}
        colliding = collisions(images)
        for image in images:
            key = work.key(image, spacing_um)
            if image.name in colliding:
                work.fail(image, colliding[image.name])
            elif not work.restore(image, key):
                todo[image.name] = image, key
        restored = len(work.facts)
        if todo:
            work.compute(todo)
        done = [image for image in images if image.name in work.facts]
        tables = {image.name: work.outputs(image)[OBJECTS] for image in done}
        files = [path for image in done for path in work.kept(image)]
        origin = origin_of(results, files, folder, networks)
        collect_objects(origin, done, tables, work.facts, outputs)
        if labels.task == "classification":
            write_classes(work.facts, done, results / "classes.tsv")
            written.add([results / "classes.tsv"])
        written.finish()
    record = _record(arm, labels, settings, networks, work, images)
    write_text(outputs["applied"], json.dumps(record, indent=1, sort_keys=True) + "\n")
    say(
        f"{len(images)} images: {len(done) - restored} segmented, {restored} unchanged, "
        f"{len(work.failed)} failed"
    )
    return len(done) - restored


def _record(
    arm: ArmModel,
    labels: Labels,
    settings: Mapping[str, Any],
    networks: Sequence[Mapping[str, Any]],
    work: _Run,
    images: Sequence[NewImage],
) -> dict[str, Any]:
    """What applied.json says: which networks, which recipes, which images, what failed."""
    return {
        "model": settings["model"],
        "study": settings["study"],
        "arm": arm.names,
        "networks": list(networks),
        "preprocessing": arm.preprocessing.model_dump(mode="json", exclude={"description"}),
        "recipe": arm.recipe.model_dump(
            mode="json", include={"network", "target", "prediction", "instances", "decision"}
        ),
        "labels": labels.plain(),
        "images": [
            {
                "image": image.name,
                "sha256": image.sha256,
                "masks": [
                    f"masks/{path}"
                    for path in mask_files(image, labels.task, list(labels.classes)).values()
                ],
                "overlay": f"overlays/{image.stem}.png",
                **work.facts[image.name],
            }
            for image in images
            if image.name in work.facts
        ],
        "failed": [
            {"image": name, "error": {"what": e.what, "expected": e.expected, "action": e.action}}
            for name, e in sorted(work.failed.items())
        ],
    }
