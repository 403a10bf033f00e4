"""Write the metadata of a table of objects: Turtle and JSON-LD, the same statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segbench.errors import SegbenchError
from segbench.files import atomic_path
from segbench.objects import nodes
from segbench.objects.columns import PLANAR, SOLID, Column, intensity_columns
from segbench.objects.nodes import ImageInfo, Origin
from segbench.objects.syntax import BASE, Node, json_ld, turtle, turtle_head
from segbench.objects.table import columns_of
from segbench.objects.terms import DEFAULT, Terms, read_terms

if TYPE_CHECKING:
    from pandas import DataFrame

#: Lines that open a part of the Turtle file; whoever reads it part by part looks for them.
IMAGE_MARK, OBJECT_MARK = "# image\n", "# object\n"


def write_rdf(
    frame: DataFrame,
    images: Sequence[ImageInfo],
    origin: Origin,
    turtle_file: str | Path,
    json_ld_file: str | Path,
    *,
    terms: str | Path = DEFAULT,
    source: str = "predicted",
    base: str = BASE,
) -> None:
    """Describe images, their objects and what was measured.

    Parameters
    ----------
    frame : DataFrame
        From `measure`, `join` or `read_objects`.
    images : sequence of ImageInfo
        All images that were segmented; those without objects are described, too.
    origin : Origin
        Dataset, run, networks.
    turtle_file, json_ld_file : str or Path
        The files; equal arguments, equal bytes.
    terms : str or Path, optional
        Which public terms the classes have; see terms.yaml.
    source : {"predicted", "manual"}, optional
        What the run is; it must be the objects' own.
    base : str, optional
        Where the IRIs of images, runs and ROIs begin.

    Raises
    ------
    SegbenchError
        An object lies in an image that is not listed, or comes from another source.
    """
    known = read_terms(terms)
    wanted = columns_of(frame)
    _check(frame, {info.sample for info in images}, source)
    measured = {c.name: c.type for c in (*PLANAR, *SOLID, *intensity_columns(1))}
    with atomic_path(turtle_file) as ttl, atomic_path(json_ld_file) as jsonld:
        with ttl.open("w", encoding="utf-8", newline="\n") as file:
            file.write(turtle_head(base))
            for mark, part in _parts(frame, wanted, images, origin, known, source):
                file.write(f"\n{mark}" + "".join(map(turtle, part)))
        parts = _parts(frame, wanted, images, origin, known, source)
        flat = (node for _, part in parts for node in part)
        with jsonld.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(json_ld(base, measured, flat))


def _parts(
    frame: DataFrame,
    wanted: Sequence[Column],
    images: Sequence[ImageInfo],
    origin: Origin,
    terms: Terms,
    source: str,
) -> Iterator[tuple[str, list[Node]]]:
    """What the file consists of, in order: the run, then image by image its objects."""
    yield "", list(nodes.head(origin, source))
    ordered = frame.sort_values(["sample", "class", "number"], kind="stable")
    of_sample = dict(iter(ordered.groupby("sample", sort=False)))
    for info in sorted(images, key=lambda info: info.sample):
        yield IMAGE_MARK, list(nodes.image(info, origin, terms))
        if info.sample in of_sample:
            for part in nodes.objects(of_sample[info.sample], wanted, origin, terms):
                yield OBJECT_MARK, part


def _check(frame: DataFrame, samples: set[str], source: str) -> None:
    strange = sorted(set(frame["sample"]) - samples)
    if strange:
        raise SegbenchError(
            f"objects of {', '.join(strange[:5])}, which is not among the images",
            "an image for each object",
            "list all images that were measured",
        )
    other = sorted(set(frame["source"]) - {source})
    if other:
        raise SegbenchError(
            f"objects that are {other[0]} in the description of {source} ones",
            "one source in a file",
            "describe predicted and manual objects apart",
        )
