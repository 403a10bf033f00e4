"""The columns of objects.parquet: name, unit, definition, where the definition is from.

Data only. The table, the RDF properties (one for each measured column, of the same name), the
shapes and the reference page all follow this list.

Coordinates are those of OME and ImageJ: the first pixel covers 0 to 1, its centre is at 0.5.
Angles run counter-clockwise as seen on the screen, from the x axis, in [0, 180).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Unit as it ends a column's name -> what it is called in QUDT, or in our vocabulary.
UNITS: dict[str, str] = {
    "px": "seg:PIXEL",
    "px2": "seg:PIXEL2",
    "vx": "seg:VOXEL",
    "um": "unit:MicroM",
    "um2": "unit:MicroM2",
    "mm": "unit:MilliM",
    "mm2": "unit:MilliM2",
    "mm3": "unit:MilliM3",
    "deg": "unit:DEG",
    "1": "unit:UNITLESS",
    "grey": "seg:GREY_LEVEL",
}

_KINDS = {
    "px": "Length", "px2": "Area", "vx": "Volume", "um": "Length", "um2": "Area", "mm": "Length",
    "mm2": "Area", "mm3": "Volume", "deg": "Angle", "1": "DimensionlessRatio",
    "grey": "Dimensionless",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
        Ends in its unit where it has one.
    unit : str
        Key of `UNITS`; empty for names, counts and flags.
    text : str
        Definition, in one sentence.
    source : str
        Whose definition it is.
    low, high : float or None
        Bounds that every value keeps, whatever the object; None: none.
    type : {"float", "int", "bool", "str"}
    """

    name: str
    unit: str
    text: str
    source: str = ""
    low: float | None = 0.0
    high: float | None = None
    type: Literal["float", "int", "bool", "str"] = "float"

    @property
    def kind(self) -> str:
        """Kind of quantity in QUDT."""
        return f"quantitykind:{_KINDS[self.unit]}" if self.unit else ""


_IJ = "ImageJ"
_SK = "scikit-image"
_LEGLAND = "Legland et al. 2007, doi:10.5566/ias.v26.p83-92"
_LEHMANN = "Lehmann & Legland 2012, hdl:10380/3342"


def _both(
    name: str, text: str, source: str, units: tuple[str, str], low: float | None = 0.0
) -> tuple[Column, Column]:
    """A length, area or volume in pixels, and in physical units where the spacing is known."""
    first, second = units
    return (
        Column(f"{name}_{first}", first, text, source, low),
        Column(f"{name}_{second}", second, f"{text}; empty without a spacing", source, low),
    )


def _name(name: str, text: str) -> Column:
    return Column(name, "", text, type="str", low=None)


def _pixel(name: str, text: str) -> Column:
    return Column(name, "px", text, type="int")


#: Who an object is.
IDENTITY: tuple[Column, ...] = (
    _name("dataset", "name of the dataset"),
    _name("sample", "id of the image"),
    _name("roi", "sample/class/number: unique in the table, the same in every run"),
    _name("class", "name of the object's class"),
    Column("number", "", "number of the object in its image and class, from 1", low=1, type="int"),
    _name("source", "predicted or manual"),
)

_LENGTH = ("px", "um")

#: What is measured of an object in a plane.
PLANAR: tuple[Column, ...] = (
    Column("area_px", "px2", "number of pixels", _IJ),
    Column(
        "area_um2", "um2", "number of pixels times a pixel's area; empty without a spacing", _IJ
    ),
    *_both("perimeter", "Crofton's formula in four directions", _LEGLAND, _LENGTH),
    *_both("feret_max", "largest caliper width of the pixels' outline", _IJ, _LENGTH),
    *_both("feret_min", "smallest caliper width of the pixels' outline", _IJ, _LENGTH),
    Column("feret_angle_deg", "deg", "direction of the largest caliper width", _IJ, 0, 180),
    *_both("equivalent_diameter", "of the circle of equal area, sqrt(4 A / pi)", _SK, _LENGTH),
    *_both("major_axis", "of the ellipse with the same second moments", _SK, _LENGTH),
    *_both("minor_axis", "of the ellipse with the same second moments", _SK, _LENGTH),
    Column("orientation_deg", "deg", "direction of the major axis", _IJ, 0, 180),
    Column("circularity", "1", "4 pi A / P^2, at most 1", _IJ, 0, 1),
    Column("roundness", "1", "4 A / (pi major^2)", _IJ, 0, 1),
    Column("solidity", "1", "area over the area of the outline's convex hull", _IJ, 0, 1),
    Column("eccentricity", "1", "sqrt(1 - minor^2 / major^2)", _SK, 0, 1),
    *_both("centroid_y", "mean of the pixels, downwards", _IJ, _LENGTH),
    *_both("centroid_x", "mean of the pixels, to the right", _IJ, _LENGTH),
    _pixel("bbox_y0_px", "first row"),
    _pixel("bbox_x0_px", "first column"),
    _pixel("bbox_y1_px", "row after the last"),
    _pixel("bbox_x1_px", "column after the last"),
    Column("touches_border", "", "lies at the image's edge: perhaps cut", type="bool", low=None),
)

_LENGTH3 = ("px", "mm")

#: What is measured of an object in a volume.
SOLID: tuple[Column, ...] = (
    *_both("volume", "number of voxels; times the voxel's volume", _SK, ("vx", "mm3")),
    *_both("surface", "Crofton's formula in 13 directions", _LEHMANN, ("px2", "mm2")),
    *_both("feret_max", "largest distance of two corners of voxels", _IJ, _LENGTH3),
    *_both("equivalent_diameter", "of the sphere of equal volume", _SK, _LENGTH3),
    *_both("major_axis", "longest of the ellipsoid with the same second moments", _SK, _LENGTH3),
    *_both("middle_axis", "the axis between", _SK, _LENGTH3),
    *_both("minor_axis", "shortest axis", _SK, _LENGTH3),
    Column("sphericity", "1", "pi^(1/3) (6 V)^(2/3) / S, at most 1",
           "Wadell 1935, doi:10.1086/624298", 0, 1),
    Column("solidity", "1", "volume over the volume of the convex hull", _SK, 0, 1),
    *_both("centroid_z", "mean of the voxels", _SK, _LENGTH3),
    *_both("centroid_y", "mean of the voxels", _SK, _LENGTH3),
    *_both("centroid_x", "mean of the voxels", _SK, _LENGTH3),
    _pixel("bbox_z0_px", "first slice"),
    _pixel("bbox_y0_px", "first row"),
    _pixel("bbox_x0_px", "first column"),
    _pixel("bbox_z1_px", "slice after the last"),
    _pixel("bbox_y1_px", "row after the last"),
    _pixel("bbox_x1_px", "column after the last"),
    Column("touches_border", "", "lies at a face of the volume", type="bool", low=None),
)  # fmt: skip

#: Of the image's own values inside the object; per channel with the ending ``_c0``, ``_c1``, ...
#: where there are several (colours are one channel, their luma).
INTENSITY: tuple[Column, ...] = (
    Column("intensity_mean", "grey", "mean of the original image's values", _IJ, None),
    Column("intensity_sd", "grey", "their standard deviation, divided by n", _SK),
    Column("intensity_min", "grey", "smallest value", _IJ, None),
    Column("intensity_max", "grey", "largest value", _IJ, None),
    Column("intensity_integrated", "grey", "sum of the values (raw integrated density)", _IJ, None),
)

#: The outline, for what draws or describes it.
OUTLINE: tuple[Column, ...] = (
    _name("shape", "Polygon where the outline is one line; else (holes, pieces, volumes) Mask"),
    _name("points", "x,y of the Polygon's corners along the pixels' edges, clockwise; else empty"),
)


def columns(dimensions: int, channels: int = 1) -> tuple[Column, ...]:
    """The columns of a table of objects, in order.

    Parameters
    ----------
    dimensions : {2, 3}
        Objects in planes or in volumes.
    channels : int, optional
        Whose intensities are measured; with one their columns have no ending.

    Examples
    --------
    >>> [column.name for column in columns(2)][6:8]
    ['area_px', 'area_um2']
    """
    shape = PLANAR if dimensions == 2 else SOLID
    return (*IDENTITY, *shape, *intensity_columns(channels), *OUTLINE)


def intensity_columns(channels: int) -> tuple[Column, ...]:
    """The intensity columns of all channels.

    Examples
    --------
    >>> intensity_columns(2)[5].name
    'intensity_mean_c1'
    """
    if channels == 1:
        return INTENSITY
    return tuple(
        Column(f"{c.name}_c{number}", c.unit, c.text, c.source, c.low, c.high)
        for number in range(channels)
        for c in INTENSITY
    )
