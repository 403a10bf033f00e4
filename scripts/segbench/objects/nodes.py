"""The statements about images, regions and what they show, as JSON-LD node objects.

The concept (Kume, Kobayashi & Masuya, BioHackathon 2019): an image is part of the ROI-merged
image; a ROI is part of both. An object-shaped ROI follows an object's outline, a non-object ROI
does not. What a network predicts *models* a biological entity; what a person draws
`foaf:depicts` one. PhenotypeData are about the entity, AnalyzedData about the ROI.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from segbench import __version__
from segbench.objects.columns import PLANAR, SOLID, UNITS, Column, intensity_columns
from segbench.objects.syntax import Node
from segbench.objects.terms import Terms

if TYPE_CHECKING:
    from pandas import DataFrame

#: Column -> its unit, as a compact IRI.
UNIT_OF = {c.name: UNITS[c.unit] for c in (*PLANAR, *SOLID) if c.unit}

#: What a phenotype says, from which columns: the physical one where it is known.
_PHENOTYPE: dict[str, tuple[str, ...]] = {
    "seg:area": ("area_um2", "area_px"),
    "seg:perimeter": ("perimeter_um", "perimeter_px"),
    "seg:volume": ("volume_mm3", "volume_vx"),
    "seg:surface": ("surface_mm2", "surface_px2"),
    "seg:length": ("feret_max_um", "feret_max_mm", "feret_max_px"),
    "seg:circularity": ("circularity",),
    "seg:sphericity": ("sphericity",),
}


@dataclass(frozen=True)
class ImageInfo:
    """An image that was segmented, whether or not it has objects.

    Attributes
    ----------
    shape : tuple of int
        (y, x) or (z, y, x).
    group : str
        Patient, case, source image.
    """

    sample: str
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...] | None = None
    group: str = ""


@dataclass(frozen=True)
class Origin:
    """Where the objects come from.

    Attributes
    ----------
    dataset : str
        Its name.
    title, licence, citation : str
        As in the dataset's config; printed with what is derived from it.
    run : str
        Names the run in IRIs, e.g. ``kidney_nuclei/prep-x/aug-none/unet/seed-0/p/fold-0``;
        for manual objects whatever names the annotation.
    digest : str
        SHA-256 of what the run put out (the segmentations); empty: not known.
    models : mapping of str to str
        File name of each network -> its SHA-256; empty for manual objects.
    """

    dataset: str
    title: str
    licence: str
    citation: str
    run: str
    digest: str = ""
    models: Mapping[str, str] = field(default_factory=dict)


def _q(name: str) -> str:
    """A name as one part of an IRI's path."""
    return quote(name, safe="")


def image_iri(origin: Origin, sample: str) -> str:
    """Relative IRI of an image: the same in all runs."""
    return f"image/{_q(origin.dataset)}/{_q(sample)}"


def run_iri(origin: Origin) -> str:
    """Relative IRI of a run; its ROI-merged images and ROIs are below it."""
    return f"run/{quote(origin.run)}"


def head(origin: Origin, source: str) -> Iterator[Node]:
    """The dataset and the activity that made the regions."""
    data = f"dataset/{_q(origin.dataset)}"
    yield {
        "@id": data,
        "@type": "dcat:Dataset",
        "dcterms:title": origin.title,
        "dcterms:rights": origin.licence,
        "dcterms:bibliographicCitation": origin.citation,
    }
    activity: Node = {
        "@id": run_iri(origin),
        "@type": ["prov:Activity", "seg:Prediction" if source == "predicted" else "seg:Annotation"],
        "rdfs:label": origin.run,
        "prov:used": [{"@id": data}],
    }
    if origin.digest:
        activity["seg:sha256"] = origin.digest
    if source == "predicted":
        activity["prov:wasAssociatedWith"] = {
            "@id": f"software/segbench-{_q(__version__)}",
            "@type": "prov:SoftwareAgent",
            "rdfs:label": f"segbench {__version__}",
        }
        activity["prov:used"] += [
            {
                "@id": f"model/{_q(digest)}",
                "@type": ["prov:Entity", "seg:Network"],
                "rdfs:label": name,
                "seg:sha256": digest,
            }
            for name, digest in sorted(origin.models.items())
        ]
    yield activity


def image(info: ImageInfo, origin: Origin, terms: Terms) -> Iterator[Node]:
    """An image and its ROI-merged image."""
    here = image_iri(origin, info.sample)
    merged = f"{run_iri(origin)}/{_q(info.sample)}"
    found: Node = {
        "@id": here,
        "@type": ["seg:Image", "ome:Image"],
        "dcterms:identifier": info.sample,
        "dcterms:isPartOf": [{"@id": f"dataset/{_q(origin.dataset)}"}, {"@id": merged}],
    }
    for letter, size in zip("ZYX"[-len(info.shape) :], info.shape, strict=True):
        found[f"ome:Size{letter}"] = int(size)
    if info.spacing_mm is not None:
        for letter, side in zip("zyx"[-len(info.spacing_mm) :], info.spacing_mm, strict=True):
            found[f"seg:pixel_size_{letter}_mm"] = float(side)
    if info.group:
        found["seg:group"] = info.group
    entity = terms.of_dataset(origin.dataset)
    if entity:
        found["seg:biologicalEntity"] = {"@id": entity}
    yield found
    yield {
        "@id": merged,
        "@type": "seg:ROIMergedImage",
        "prov:wasGeneratedBy": {"@id": run_iri(origin)},
        "prov:wasDerivedFrom": {"@id": here},
    }


def objects(
    frame: DataFrame, wanted: Sequence[Column], origin: Origin, terms: Terms
) -> Iterator[list[Node]]:
    """The nodes of each object of one image: its ROI, and what was measured of it.

    `frame` holds the objects, `wanted` the columns of the table.
    """
    measured = [c for c in wanted if c.source or c.type == "bool" or c.name.startswith("bbox")]
    plain = [c for c in measured if not c.name.startswith("intensity")]
    grey = [c.name for c in measured if c.name.startswith("intensity")]
    channels = max(1, len(grey) // len(intensity_columns(1)))
    for row in frame.to_dict("records"):
        yield _object(row, plain, channels, origin, terms)


def _object(
    row: Mapping[Any, Any], plain: Sequence[Column], channels: int, origin: Origin, terms: Terms
) -> list[Node]:
    sample, class_name = _q(row["sample"]), _q(row["class"])
    merged = f"{run_iri(origin)}/{sample}"
    roi = f"{merged}/{class_name}/{row['number']}"
    entity: Node = {"@id": f"{roi}#entity", "@type": terms.of_class(row["class"], origin.dataset)}
    about = "seg:models" if row["source"] == "predicted" else "foaf:depicts"
    region = {
        "@id": roi,
        "@type": ["seg:ObjectShapedROI", "seg:ROI"],
        "dcterms:identifier": row["roi"],
        "dcterms:isPartOf": [{"@id": image_iri(origin, row["sample"])}, {"@id": merged}],
        "prov:wasGeneratedBy": {"@id": run_iri(origin)},
        "seg:className": row["class"],
        "seg:number": row["number"],
        "seg:shape": _shape(row, roi),
        about: entity,
    }
    analysis: Node = {
        "@id": f"{roi}#analysis",
        "@type": "seg:AnalyzedData",
        "seg:analyses": {"@id": roi},
        "seg:yields": {
            "@id": f"{roi}#phenotype",
            "@type": "seg:PhenotypeData",
            "seg:characterises": {"@id": f"{roi}#entity"},
            **_phenotype(row, roi),
        },
    }
    for column in plain:
        if _known(row, column.name):
            analysis[f"seg:{column.name}"] = row[column.name]
    analysis |= _intensities(row, channels, roi)
    return [region, analysis]


def _known(row: Mapping[Any, Any], name: str) -> bool:
    """Whether a column is there and its value is not NaN, the only one that differs from itself."""
    return name in row and not (isinstance(row[name], float) and math.isnan(row[name]))


def _shape(row: Mapping[Any, Any], roi: str) -> Node:
    shape: Node = {"@id": f"{roi}#shape", "@type": f"ome:{row['shape']}"}
    if row["shape"] == "Polygon":
        return {**shape, "ome:Points": row["points"]}
    x0, y0, x1, y1 = (float(row[f"bbox_{side}_px"]) for side in ("x0", "y0", "x1", "y1"))
    return {**shape, "ome:X": x0, "ome:Y": y0, "ome:Width": x1 - x0, "ome:Height": y1 - y0}


def _phenotype(row: Mapping[Any, Any], roi: str) -> Node:
    """Size and form of the entity, each a quantity with its unit."""
    found: Node = {}
    for name, choices in _PHENOTYPE.items():
        known = [c for c in choices if _known(row, c)]
        if known:
            found[name] = {
                "@id": f"{roi}#{name.removeprefix('seg:')}",
                "@type": "qudt:QuantityValue",
                "qudt:numericValue": float(row[known[0]]),
                "qudt:hasUnit": {"@id": UNIT_OF[known[0]]},
            }
    return found


def _intensities(row: Mapping[Any, Any], channels: int, roi: str) -> Node:
    """Of one channel directly; of several a node each."""
    names = [column.name for column in intensity_columns(1)]
    if channels == 1:
        return {f"seg:{name}": row[name] for name in names if _known(row, name)}
    nodes: list[Node] = [
        {
            "@id": f"{roi}#channel-{channel}",
            "seg:channel": channel,
            **{f"seg:{n}": row[f"{n}_c{channel}"] for n in names},
        }
        for channel in range(channels)
    ]
    return {"seg:ofChannel": nodes}
