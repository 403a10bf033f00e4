"""Axes, spacing and origin as the metadata of OME-Zarr say them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from segbench.decoders.decoder import Choices
from segbench.decoders.ome_zarr_metadata import MILLIMETRES, Stored, open_stored
from segbench.errors import SegbenchError
from unit.decoders.zarr_stores import attributes, multiscale, put, write_image

PLAIN = Choices()
VOLUME = np.zeros((2, 3, 4), np.uint8)
#: Longest way from a valid entry of `multiscales` to one that is not.
BROKEN = {
    "axes": [{"name": "y", "type": "space"}],
    "datasets": [{"path": "0", "coordinateTransformations": [{"type": "identity"}]}],
}


def stored(path, letters="zyx", pixels=VOLUME, **settings):
    write_image(path, [pixels], letters, **settings)
    return open_stored(path, PLAIN)


@pytest.mark.parametrize("new", [False, True])
def test_scales_multiply_and_translations_are_scaled_by_the_outer_one(tmp_path, new):
    outer = [
        {"type": "scale", "scale": [2.0, 2, 2]},
        {"type": "translation", "translation": [1.0, 0, 0]},
    ]
    found = stored(
        tmp_path / "a.zarr", new=new, scales=[[3.0, 0.5, 0.25]], translation=[10.0, 20, 30],
        coordinateTransformations=outer,
    )  # fmt: skip
    assert found.millimetres() == {"z": (0.006, 0.021), "y": (0.001, 0.04), "x": (0.0005, 0.06)}


def test_axes_are_found_by_name_in_any_order_and_units_may_differ(tmp_path):
    entry = multiscale("xyz", [[1.0, 2, 3]])
    for axis, unit in zip(entry["axes"], ("nanometer", "micrometer", "millimeter"), strict=True):
        axis["unit"] = unit
    group = zarr.create_group(
        tmp_path / "a.zarr", attributes=attributes({"multiscales": [entry]}, True)
    )
    put(group, "0", VOLUME)
    found = open_stored(tmp_path / "a.zarr", PLAIN)
    assert found.letters == "xyz"
    assert found.millimetres() == {"x": (1e-6, 0), "y": (0.002, 0), "z": (3.0, 0)}


@given(st.sampled_from(sorted(MILLIMETRES)), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_units_of_length_become_millimetres(unit, scale, offset):
    transforms = ((np.array([scale, scale]), np.array([offset, 0])),)
    axes = [{"name": letter, "type": "space", "unit": unit} for letter in "yx"]
    found = Stored((VOLUME[0],), "yx", tuple(axes), transforms).millimetres()
    assert found["y"] == pytest.approx((scale * MILLIMETRES[unit], offset * MILLIMETRES[unit]))


def test_a_decimal_spacing_stays_one(tmp_path):
    found = stored(tmp_path / "a.zarr", "yx", VOLUME[0], scales=[[0.325, 0.65]])
    assert found.millimetres() == {"y": (0.000325, 0), "x": (0.00065, 0)}


@pytest.mark.parametrize("unit", [None, "pixel", "second"])
def test_without_a_unit_of_length_no_spacing_is_known_and_that_is_told(tmp_path, unit):
    found = stored(tmp_path / "a.zarr", scales=[[1.0, 0.5, 0.5]], unit=unit)
    assert found.millimetres() is None
    assert found.affine() is None
    assert found.notes == (
        f"no spacing is known: the axes have the units {', '.join([str(unit)] * 3)}",
    )
    assert stored(tmp_path / "b.zarr", unit=unit).notes == ()


def test_a_scale_that_no_voxel_can_have_is_not_believed(tmp_path):
    found = stored(tmp_path / "a.zarr", scales=[[0.0, 1, 1]])
    assert found.millimetres() is None
    assert len(found.notes) == 1


def test_without_orientation_the_affine_is_that_of_itk(tmp_path):
    found = stored(
        tmp_path / "a.zarr", unit="millimeter", scales=[[3.0, 2, 1]], translation=[30.0, 20, 10]
    ).affine()
    assert found.tolist() == [[-1, 0, 0, -10], [0, -2, 0, -20], [0, 0, 3, 30], [0, 0, 0, 1]]


def test_orientations_of_axes_turn_the_affine(tmp_path):
    entry = multiscale("zyx", [[3.0, 2, 1]], "millimeter")
    said = ("posterior-to-anterior", "inferior-to-superior", "right-to-left")
    for axis, value in zip(entry["axes"], said, strict=True):
        axis["orientation"] = {"type": "anatomical", "value": value}
    group = zarr.create_group(
        tmp_path / "a.zarr", attributes=attributes({"multiscales": [entry]}, True)
    )
    put(group, "0", VOLUME, "zyx")
    found = open_stored(tmp_path / "a.zarr", PLAIN).affine()
    assert found.tolist() == [[-1, 0, 0, 0], [0, 0, 3, 0], [0, 2, 0, 0], [0, 0, 0, 1]]


def test_a_level_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    write_image(tmp_path / "a.zarr", [VOLUME[0], VOLUME[0, ::2, ::2]], "yx", [[1, 1], [2, 2]])
    assert len(open_stored(tmp_path / "a.zarr", Choices(level=1)).arrays) == 1
    with pytest.raises(SegbenchError) as caught:
        open_stored(tmp_path / "a.zarr", Choices(level=2))
    assert caught.value.what.endswith("has no level 2")
    assert caught.value.expected == "one of 0: 3 x 4, 1: 2 x 2"


@pytest.mark.parametrize("key", sorted(BROKEN))
@pytest.mark.parametrize("new", [False, True])
def test_broken_metadata_are_refused_with_the_place(tmp_path, key, new):
    group = write_image(tmp_path / "a.zarr", [VOLUME], "zyx", new=new)
    found = group.attrs.asdict()
    (found["ome"] if new else found)["multiscales"][0][key] = BROKEN[key]
    group.attrs.put(found)
    with pytest.raises(SegbenchError) as caught:
        open_stored(tmp_path / "a.zarr", PLAIN)
    assert f"break OME-Zarr {'0.5' if new else '0.4'}: multiscales.{key}" in caught.value.what
    array = open_stored(tmp_path / "a.zarr", Choices(dataset="0", axes="zyx"))
    assert array.array.shape == (2, 3, 4)


@pytest.mark.parametrize(("new", "version"), [(False, "0.3"), (True, "0.6")])
def test_other_versions_are_refused_by_number(tmp_path, new, version):
    group = write_image(tmp_path / "a.zarr", [VOLUME], "zyx", new=new)
    found = group.attrs.asdict()
    (found["ome"] if new else found["multiscales"][0])["version"] = version
    group.attrs.put(found)
    with pytest.raises(SegbenchError, match=f"1 multiscale images of OME-Zarr {version}"):
        open_stored(tmp_path / "a.zarr", PLAIN)


def test_metadata_for_another_number_of_axes_are_refused(tmp_path):
    write_image(tmp_path / "a.zarr", [VOLUME[0]], "zyx", array={"dimension_names": ["y", "x"]})
    with pytest.raises(SegbenchError, match="names 3 axes, and the array 0 has 2"):
        open_stored(tmp_path / "a.zarr", PLAIN)


def test_names_of_dimensions_say_the_axes_of_plain_arrays(tmp_path):
    group = zarr.create_group(tmp_path / "a.zarr")
    put(group, "new", VOLUME, "zyx")
    old = zarr.create_group(tmp_path / "b.zarr", zarr_format=2)
    put(old, "old", VOLUME).attrs["_ARRAY_DIMENSIONS"] = ["Z", "y", "X"]
    assert open_stored(tmp_path / "a.zarr", PLAIN).letters == "zyx"
    assert open_stored(tmp_path / "b.zarr", PLAIN).letters == "zyx"
    put(old, "old", VOLUME, overwrite=True).attrs["_ARRAY_DIMENSIONS"] = ["Z", "y", "angle"]
    with pytest.raises(SegbenchError, match="calls its axes Z, y, angle"):
        open_stored(tmp_path / "b.zarr", PLAIN)


def test_channels_and_values_have_the_names_that_the_metadata_give(tmp_path):
    ome = {
        "omero": {"channels": [{"label": "DAPI"}, {"label": "GFP"}]},
        "image-label": {
            "properties": [
                {"label-value": 1, "name": "cell"},
                {"label-value": 2, "class": "nucleus"},
                {"label-value": 3, "area": 12},
            ]
        },
    }
    found = stored(tmp_path / "a.zarr", "cyx", ome=ome)
    assert found.channels() == ("DAPI", "GFP")
    assert found.label_names() == {1: "cell", 2: "nucleus"}
    assert stored(tmp_path / "b.zarr", "cyx", VOLUME[:1], ome=ome).channels() == ()


def test_a_scale_in_an_array_of_its_own_is_told(tmp_path):
    group = write_image(tmp_path / "a.zarr", [VOLUME], "zyx")
    found = group.attrs.asdict()
    place = found["ome"]["multiscales"][0]["datasets"][0]
    place["coordinateTransformations"] = [{"type": "scale", "path": "scale"}]
    group.attrs.put(found)
    assert "stored as an array" in open_stored(tmp_path / "a.zarr", PLAIN).notes[0]


def test_a_level_that_was_not_copied_is_named(tmp_path):
    write_image(tmp_path / "a.zarr", [VOLUME], "zyx")
    shutil.rmtree(tmp_path / "a.zarr/0")
    with pytest.raises(SegbenchError, match="the array 0, a level of the image, is not there"):
        open_stored(tmp_path / "a.zarr", PLAIN)
