"""`snakemake inspect`: look at a folder, say what is there, write a config for it."""

from __future__ import annotations

import logging
import re
import shlex
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from segbench.datasets.label_names import channel_names
from segbench.errors import SegbenchError
from segbench.files import write_text
from segbench.inspection import advice, labels, survey
from segbench.inspection.both import Both, both_in, masked_by_itself
from segbench.inspection.coco import annotation_files, read_coco
from segbench.inspection.config_files import config_files, sheet_text
from segbench.inspection.gathering import check_target, gather_pairs, gather_polygons
from segbench.inspection.pairs import Pairs, pair
from segbench.inspection.polygons import CROWD, Annotated
from segbench.inspection.proposal import (
    Named,
    Proposal,
    classes_named,
    layout_of,
    of_dsb2018,
    of_nnunet,
    propose,
    sheet_in,
)
from segbench.inspection.yolo import label_files, read_yolo

SHEET = "sheet.csv"

log = logging.getLogger(__name__)


@dataclass
class Inspection:
    """What is said about a folder.

    Attributes
    ----------
    lines, warnings, steps : list of str
        What is there; usual mistakes; what to do next.
    proposal : Proposal or None
        None: no config can be written.
    images : str
        The folder that is inspected, as it was given.
    folder : Path
        That of the dataset: the one that was inspected, or the new one.
    made : bool
        Whether it is the new one.
    """

    images: str
    folder: Path
    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    proposal: Proposal | None = None
    made: bool = False


def inspect_folder(images: str, masks: str | None, name: str | None, base: Path) -> str:
    """Look at a folder, and write a config for it where there is none.

    Parameters
    ----------
    images : str
        The folder, relative to `base` or absolute. It is not written to.
    masks : str, optional
        A new folder for links to the images and masks, where the config cannot name the layout:
        polygons are drawn.
    name : str, optional
        Of the dataset; else that of the folder.
    base : Path
        The project: files are written below its ``config``. None is overwritten.

    Returns
    -------
    str
        What is there, what is likely to go wrong, and what to do next.

    Raises
    ------
    SegbenchError
        A folder does not fit, or annotations cannot be read.
    """
    folder = base / Path(images).expanduser()
    target = None if masks is None else base / Path(masks).expanduser()
    found = survey.survey(folder)
    if target is not None:
        check_target(folder, target)
    seen = Inspection(images, folder, survey.lines_of(found))
    _look(seen, found, target)
    shown = masks if seen.made and masks is not None else images
    if seen.proposal is not None:
        _write(seen, _free_name(base, seen.folder, name), shown, base)
    return _text(seen)


def _free_name(base: Path, folder: Path, name: str | None) -> str:
    """A name of which there is no config yet, or all of it: that of an earlier inspection.

    Raises
    ------
    SegbenchError
        The name that was asked for is that of a dataset or recipe of another.
    """
    slug = re.sub(r"[^a-z0-9]+", "_", folder.resolve().name.lower()).strip("_") or "my_images"
    free = name or slug
    number = 1
    while not _is_free(base, free):
        if name is not None:
            raise SegbenchError(
                f"name={name}: config/ has a file {name}.yaml that is not of an inspection",
                "the name of no dataset, recipe or study",
                f"give another name, e.g. name={name}_2",
            )
        number += 1
        free = f"{slug}_{number}"
    return free


def _is_free(base: Path, name: str) -> bool:
    files = [base / file for file in config_files(Proposal(), name, "")]
    return (base / f"config/{name}.yaml").exists() or not any(file.exists() for file in files)


def write_inspection(
    images: str, masks: str | None, name: str | None, base: str, output: Path
) -> None:
    """Inspect a folder, print what is found, and keep it; see `inspect_folder`."""
    text = inspect_folder(images, masks, name, Path(base))
    write_text(output, text)
    log.warning("\n\n%s", text)


def _look(seen: Inspection, found: survey.Survey, target: Path | None) -> None:
    """Recognise the layout."""
    names = {PurePosixPath(name) for name in found.others}
    parents = {place for e in found.entries for place in PurePosixPath(e.name).parents}
    roots = sorted(
        path
        for path in names
        if path.name == "dataset.json" and path.parent / "imagesTr" in parents
    )
    if len(roots) > 1:
        seen.steps += [
            f"{path.parent} is a dataset of its own: snakemake inspect --config "
            f"images={shlex.quote(f'{seen.images}/{path.parent}')}"
            for path in roots
        ]
        return
    if roots:
        _nnunet(seen, found, roots[0])
        return
    coco, yolo = annotation_files(found), label_files(found)
    if coco or yolo:
        classes, annotated = read_coco(found, coco) if coco else read_yolo(found, yolo)
        _polygons(seen, classes, annotated, "COCO" if coco else "YOLO", target)
        left = len(found.entries) - len(annotated)
        if left > 0:
            seen.warnings.append(f"{left} images are not annotated, and are left out")
        return
    pairs = pair(survey.readable(found))
    both = None if pairs.masks or pairs.lonely else both_in(found)
    if both is not None:
        _both(seen, found, pairs, both)
    else:
        _pairs(seen, found, pairs, target)


def _nnunet(seen: Inspection, found: survey.Survey, path: PurePosixPath) -> None:
    """A dataset that says itself what its labels are."""
    seen.proposal = of_nnunet(found, found.folder / path)
    names = {
        part: [
            e.name
            for e in found.entries
            if PurePosixPath(e.name).is_relative_to(path.parent / part)
        ]
        for part in ("imagesTr", "labelsTr")
    }
    counted = labels.labels_in(found.folder, names["labelsTr"])
    seen.lines += [
        f"  a Decathlon or nnU-Net raw dataset: {path}",
        f"  {len(names['imagesTr'])} files in imagesTr, {len(names['labelsTr'])} in labelsTr",
        *labels.lines_of(counted)[:1],
        f"  classes: {', '.join(one.name for one in seen.proposal.classes)}",
    ]
    channels = channel_names(found.folder / path)
    if channels:
        seen.lines.append(f"  channels: {', '.join(channels)}")
    if seen.proposal.ignore:
        seen.lines.append("  a label for what was not annotated: it is neither learnt nor scored")
    headers = {name: found.headers[name] for name in names["imagesTr"] if name in found.headers}
    seen.warnings += [
        *survey.unreadable_lines(found),
        *advice.mixtures(headers),
        *advice.notes(found.headers),
    ]


def _again(seen: Inspection, ending: str) -> str:
    """The command that makes the new folder."""
    images = seen.images.rstrip("/")
    return (
        f"snakemake inspect --config images={shlex.quote(images)} "
        f"masks={shlex.quote(f'{images}_{ending}')}"
    )


def _polygons(
    seen: Inspection, classes: list[str], annotated: list[Annotated], kind: str, target: Path | None
) -> None:
    """Polygons become masks in a new folder."""
    shapes = [shape for one in annotated for shape in one.shapes]
    counts = Counter(classes[shape.category] for shape in shapes)
    instances = len(classes) == 1
    seen.lines += [
        f"  {kind} annotations: {len(annotated)} images, {len(shapes)} objects",
        f"  classes: {survey.counted(counts, 12) or ', '.join(classes)}",
    ]
    if not classes or target is None:
        seen.steps.append(f"draw masks of the polygons: {_again(seen, 'masks')}")
        return
    seen.lines += gather_polygons(seen.folder, target, annotated, instances)
    seen.folder, seen.made = target, True
    new = survey.survey(target)
    pairs = pair(new.entries)
    proposal = propose(new, pairs, labels.Labels(opened=1))
    crowds = instances and any(shape.crowd for shape in shapes)
    seen.proposal = replace(
        proposal,
        task="instances" if instances else "semantic",
        why="one class: its objects are numbered" if instances else "several classes",
        classes=tuple(Named(one.name, one.value) for one in classes_named(classes)),
        ignore=(str(CROWD),) if crowds else (),
    )
    seen.warnings += advice.warnings_of(new, pairs)


def _both(seen: Inspection, found: survey.Survey, pairs: Pairs, both: Both) -> None:
    """Files that hold an image and its mask."""
    found, pairs = survey.survey(found.folder, both.image), masked_by_itself(pairs)
    names = [place.entry.name for place in pairs.images.values()]
    counted = labels.labels_in(found.folder, names, both.mask)
    seen.lines = [
        *survey.lines_of(found),
        f"each file holds an image and its mask ({both.mask.dataset})",
        *labels.lines_of(counted),
    ]
    seen.warnings += [
        *advice.warnings_of(found, pairs),
        *both.warnings,
        *labels.warnings_of(counted),
    ]
    proposal = propose(found, pairs, counted)
    seen.proposal = replace(proposal, layout={**proposal.layout, **both.layout})


def _pairs(seen: Inspection, found: survey.Survey, pairs: Pairs, target: Path | None) -> None:
    """Images and masks that pair by name."""
    seen.lines.append(f"{len(pairs.masks)} of {len(pairs.images)} images have a mask")
    seen.warnings += advice.warnings_of(found, pairs)
    parts = Counter(pairs.splits().values())
    if parts:
        seen.lines.append(f"  parts of a split: {survey.counted(parts)}")
    if any(part.startswith(("val", "dev")) for part in parts):
        seen.lines.append(
            "  validation images join the training images: the protocol draws its own"
        )
    if pairs.masks:
        names = [p.entry.name for p in pairs.all_masks if p.entry.name not in found.faults]
        counted = labels.labels_in(found.folder, names)
        seen.lines += labels.lines_of(counted)
        seen.warnings += labels.warnings_of(counted)
    elif pairs.lonely:
        seen.proposal = of_dsb2018(found, pairs)
        if seen.proposal is not None:
            seen.lines[-1] = f"{len(pairs.images)} images, each with a folder of masks"
            seen.warnings = survey.unreadable_lines(found)
        else:
            seen.steps.append(
                "no mask is called as an image: rename them, so that the names are equal but for "
                "one beginning or end that all masks have; several images of one mask are "
                "channels: name them as nnU-Net does (imagesTr/NAME_0000, NAME_0001, labelsTr/NAME)"
            )
        return
    elif not pairs.classes:
        seen.steps.append(
            "there are no masks: annotate the images, or segment them with a trained model "
            f"(snakemake apply --config images={shlex.quote(seen.images)} model=STUDY/best)"
        )
        return
    else:
        counted = labels.Labels()
    if layout_of(pairs) is None and target is None:
        seen.steps.append(
            "images and masks lie in several folders each, which no config can name: link them "
            f"into one: {_again(seen, 'linked')}"
        )
        return
    if target is not None:
        seen.lines += gather_pairs(found.folder, target, pairs)
        seen.folder, seen.made = target, True
        found = survey.survey(target)
        pairs = pair(found.entries)
    seen.proposal = propose(found, pairs, counted)
    there = sheet_in(found.folder, found.others)
    if there:
        seen.lines.append(f"  a sheet: {there}")
        seen.proposal = replace(
            seen.proposal, layout={**seen.proposal.layout, "sheet": there}, sheet={}, groups=""
        )


def _write(seen: Inspection, name: str, path: str, base: Path) -> None:
    """Write the config and the sheet; what is there is kept."""
    proposal = seen.proposal
    assert proposal is not None
    if proposal.groups:
        groups = Counter(group for group, _ in proposal.sheet.values())
        some = ", ".join(f"{group} ({count})" for group, count in sorted(groups.items())[:4])
        seen.lines.append(f"  {len(groups)} groups by {proposal.groups}: {some}")
    if proposal.sheet and seen.made:
        write_text(seen.folder / SHEET, sheet_text(proposal))
        proposal = replace(proposal, layout={**proposal.layout, "sheet": SHEET})
    elif proposal.sheet:
        place = f"config/{name}-{SHEET}"
        _has(base / place, sheet_text(proposal))
        seen.warnings.append(
            "without a sheet each image is a group of its own: of one patient, animal or slide "
            "some images are trained on and others tested on"
        )
        seen.steps.append(
            f"check {place}, copy it to {path}/{SHEET}, and set `sheet: {SHEET}` under `layout`"
        )
    files = config_files(proposal, name, path)
    kept = [file for file, text in files.items() if not _has(base / file, text)]
    if kept:
        seen.warnings.append(
            f"kept as they are, with other content: {', '.join(kept)}; name=OTHER writes them "
            "under another name"
        )
    config = f"--configfile config/{name}.yaml"
    seen.steps += [
        f"read config/datasets/{name}.yaml: lines with <- are guesses",
        f"snakemake explore {config}    # check all files; numbers and pictures of them",
        f"snakemake {name} {config} -n     # what would be computed",
        f"snakemake {name} {config}        # train and score: runs/{name}/tables/{name}.md",
    ]


def _has(path: Path, text: str) -> bool:
    """Write a file unless there is one; whether it then has this text."""
    if not path.exists():
        write_text(path, text)
    return path.read_text("utf-8") == text


def _text(seen: Inspection) -> str:
    parts = [f"{seen.images}: {seen.lines[0]}", *seen.lines[1:]]
    if seen.warnings:
        parts += ["", "Usual mistakes:", *(f"  - {line}" for line in seen.warnings)]
    if seen.steps:
        parts += ["", "Next:", *(f"  {n}. {line}" for n, line in enumerate(seen.steps, 1))]
    return "\n".join(parts) + "\n"
