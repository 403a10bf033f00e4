"""NRRD files: axes and kinds, space, and 3D Slicer's segmentations."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from segbench.decoders.decoder import Choices
from segbench.decoders.grids import align
from segbench.errors import SegbenchError
from unit.decoders.itk_files import write_nrrd

sitk = pytest.importorskip("SimpleITK")

from segbench.decoders.nrrd import DECODER  # noqa: E402

NO_CHOICES = Choices()
VOLUME = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
LAYERS = np.arange(2 * 3 * 4 * 2, dtype=np.uint8).reshape(2, 3, 4, 2) % 3
LPS = "space: left-posterior-superior"
SIDES = "(0.5,0,0) (0,0.7,0) (0,0,3)"
DIRECTIONS = f"space directions: {SIDES}"
ORIGIN = "space origin: (1,2,3)"
PLACE = (LPS, DIRECTIONS, ORIGIN)


def read(path, **choices):
    """The file, which must be as the header alone says."""
    found = DECODER.read(path, Choices(**choices))
    header = DECODER.header(path, Choices(**choices))
    assert (header.axes, header.shape, header.dtype) == (
        found.header.axes, found.pixels.shape, found.pixels.dtype,
    )  # fmt: skip
    return found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.nrrd"


# ---- space


def test_axes_run_to_left_and_posterior_or_as_the_file_says(path):
    found = read(write_nrrd(path, VOLUME, *PLACE))
    np.testing.assert_array_equal(found.pixels, VOLUME)
    want = [[-0.5, 0, 0, -1], [0, -0.7, 0, -2], [0, 0, 3, 3], [0, 0, 0, 1]]
    np.testing.assert_allclose(found.header.affine, want)
    assert found.header.spacing_mm == (3.0, 0.7, 0.5)
    found = read(write_nrrd(path, VOLUME, "space: RAS", DIRECTIONS, ORIGIN))
    want = [[0.5, 0, 0, 1], [0, 0.7, 0, 2], [0, 0, 3, 3], [0, 0, 0, 1]]
    np.testing.assert_allclose(found.header.affine, want)


def test_what_is_not_said_is_none(path):
    found = read(write_nrrd(path, VOLUME))
    assert (found.header.spacing_mm, found.header.affine) == (None, None)
    found = read(write_nrrd(path, VOLUME, "spacings: 1 1 1"))
    assert (found.header.spacing_mm, found.header.affine) == ((1.0, 1.0, 1.0), None)


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1), ("um", 1e-3), ("microns", 1e-3)])
def test_units_become_millimetres(path, unit, factor):
    units = "space units: " + " ".join([f'"{unit}"'] * 3)
    found = read(write_nrrd(path, VOLUME, *PLACE, units)).header
    assert found.spacing_mm == pytest.approx((3 * factor, 0.7 * factor, 0.5 * factor))
    np.testing.assert_allclose(found.affine[:3, 3], np.array([-1, -2, 3]) * factor)


def test_an_unknown_unit_gives_no_voxel_size(path):
    units = 'space units: "parsec" "parsec" "parsec"'
    found = read(write_nrrd(path, VOLUME, *PLACE, units)).header
    assert (found.spacing_mm, found.affine) == (None, None)
    assert found.notes == ("its unit 'parsec' is not known: no voxel size is taken",)


def test_sheared_axes_are_refused(path):
    sheared = "space directions: (0.5,0,0) (0.1,0.7,0) (0,0,3)"
    with pytest.raises(SegbenchError, match="its affine is sheared"):
        DECODER.header(write_nrrd(path, VOLUME, LPS, sheared, ORIGIN), NO_CHOICES)


# ---- axes and kinds


@pytest.mark.parametrize("kind", ["list", "vector"])
@pytest.mark.parametrize("first", [True, False])
def test_values_of_a_voxel_are_channels_wherever_they_are_stored(path, kind, first):
    parts = ("none " + SIDES, f"{kind} domain domain domain")
    if not first:
        parts = (SIDES + " none", f"domain domain domain {kind}")
    stored = LAYERS if first else np.moveaxis(LAYERS, -1, 0)
    fields = (LPS, f"space directions: {parts[0]}", f"kinds: {parts[1]}", ORIGIN)
    found = read(write_nrrd(path, stored, *fields))
    assert found.header.axes == "zyxc"
    np.testing.assert_array_equal(found.pixels, LAYERS)


@pytest.mark.parametrize("kinds", ["", "none domain domain domain", "??? space space space"])
def test_an_axis_outside_of_space_without_a_kind_is_asked_for(path, kinds):
    fields = (LPS, f"space directions: none {SIDES}", ORIGIN, *[f"kinds: {kinds}"] * bool(kinds))
    with pytest.raises(SegbenchError, match="axis 1 of 4 does not lie in space") as caught:
        DECODER.header(write_nrrd(path, LAYERS, *fields), NO_CHOICES)
    assert "write `kinds: list " in caught.value.action
    mended = [one for one in fields if "kinds" not in one] + ["kinds: list space space space"]
    np.testing.assert_array_equal(read(write_nrrd(path, LAYERS, *mended)).pixels, LAYERS)


def test_colours_are_marked(path):
    picture = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    found = read(write_nrrd(path, picture, "kinds: RGBA-color domain domain"))
    assert (found.header.axes, found.header.colour, found.header.alpha) == ("yxc", True, True)
    np.testing.assert_array_equal(found.pixels, picture)


def test_pictures_and_single_slices(path):
    found = read(write_nrrd(path, VOLUME[0], "spacings: 0.5 0.7"))
    assert (found.header.axes, found.header.spacing_mm) == ("yx", (0.7, 0.5))
    np.testing.assert_array_equal(found.pixels, VOLUME[0])
    write_nrrd(path, VOLUME[:1], *PLACE)
    np.testing.assert_array_equal(read(path).pixels, VOLUME[0])
    np.testing.assert_array_equal(read(path, axes="zyx").pixels, VOLUME[:1])


def test_a_fourth_axis_is_asked_for(path):
    series = np.arange(48, dtype=np.uint8).reshape(2, 2, 3, 4)
    write_nrrd(path, series)
    with pytest.raises(SegbenchError, match="a fourth axis of 2") as caught:
        DECODER.read(path, NO_CHOICES)
    assert "layout: {axes: zyxc}" in caught.value.action
    found = read(path, axes="zyxc")
    np.testing.assert_array_equal(found.pixels, np.moveaxis(series, 0, -1))


def test_complex_values_are_refused(path):
    write_nrrd(path, np.zeros((2, 3, 2), np.float32), "kinds: complex domain domain")
    with pytest.raises(SegbenchError, match="complex of 32-bit float"):
        DECODER.header(path, NO_CHOICES)


# ---- segmentations


KEYS = ("ID", "Name", "LabelValue", "Layer")


def write_segmentation(path, stored, *segments, extra=()):
    """Segments are (name, value, layer); None: not written."""
    fields = [
        f"Segment{number}_{key}:={told}"
        for number, segment in enumerate(segments)
        for key, told in zip(KEYS, (f"s{number}", *segment), strict=True)
        if told is not None
    ]
    layered = stored.ndim == 4
    directions = "space directions: " + "none " * layered + SIDES
    kinds = "kinds: " + "list " * layered + "domain domain domain"
    return write_nrrd(path, stored, LPS, directions, kinds, ORIGIN, *fields, *extra)


def test_one_layer_is_a_label_map_with_names(path):
    stored = VOLUME % 3
    found = read(write_segmentation(path, stored, ("liver", 2, 0), ("tumour: left", 1, 0)))
    np.testing.assert_array_equal(found.pixels, stored)
    assert found.header.labels == {2: "liver", 1: "tumour: left"}
    assert found.header.partial
    assert found.header.channels == ()


def test_segments_in_layers_become_channels(path):
    segments = (("a", 1, 0), ("b", 2, 1), ("c", 2, 0))
    found = read(write_segmentation(path, LAYERS, *segments))
    assert found.header.channels == ("a", "b", "c")
    want = np.stack([LAYERS[..., 0] == 1, LAYERS[..., 1] == 2, LAYERS[..., 0] == 2], axis=-1)
    np.testing.assert_array_equal(found.pixels, want)
    window = (slice(0, 1), slice(1, 3), slice(2, 4))
    np.testing.assert_array_equal(DECODER.window(path, NO_CHOICES, window), want[window])


def test_old_files_have_a_layer_for_each_segment(path):
    stored = (LAYERS == 1).astype(np.uint8)
    found = read(write_segmentation(path, stored, ("a", None, None), (None, None, None)))
    assert found.header.channels == ("a", "s1")
    np.testing.assert_array_equal(found.pixels, stored)


def test_what_cannot_be_known_is_refused(path):
    write_segmentation(path, LAYERS, ("a", 1, 0), ("b", 1, 5))
    with pytest.raises(SegbenchError, match="has no layer for b"):
        DECODER.read(path, NO_CHOICES)
    extra = ["Segmentation_SourceRepresentation:=Fractional labelmap"]
    write_segmentation(path, VOLUME, ("a", 1, 0), extra=extra)
    with pytest.raises(SegbenchError, match="holds fractions"):
        DECODER.read(path, NO_CHOICES)


def test_a_cropped_segmentation_lies_on_its_image(tmp_path, path):
    image = write_nrrd(tmp_path / "image.nrrd", np.zeros((4, 5, 6), np.uint8), *PLACE)
    part = (VOLUME % 3)[:, :, :3]
    write_segmentation(path, part, ("a", 1, 0), ("b", 2, 0))
    # Two voxels along x, one along y: from (1, 2, 3) mm.
    path.write_bytes(path.read_bytes().replace(b"origin: (1,2,3)", b"origin: (2,2.7,3)"))
    found = align(DECODER.read(path, NO_CHOICES), path, DECODER.header(image, NO_CHOICES), image)
    want = np.zeros((4, 5, 6), np.uint8)
    want[:2, 1:4, 2:5] = part
    np.testing.assert_array_equal(found, want)


def test_a_segmentation_of_nothing_is_one_voxel_anywhere(tmp_path, path):
    image = write_nrrd(tmp_path / "image.nrrd", VOLUME, *PLACE)
    write_segmentation(path, np.zeros((1, 1, 1), np.uint8), ("a", 1, 0))
    path.write_bytes(path.read_bytes().replace(b"origin: (1,2,3)", b"origin: (900,0,0)"))
    found = align(DECODER.read(path, NO_CHOICES), path, DECODER.header(image, NO_CHOICES), image)
    assert found.shape == VOLUME.shape
    assert not found.any()


# ---- damage, and masks


@pytest.mark.parametrize("cut", [1, 12, 300])
def test_damaged_files_are_refused_by_name(path, cut):
    write_nrrd(path, np.zeros((20, 20, 20), np.uint8), "encoding: gzip", encode=gzip.compress)
    path.write_bytes(path.read_bytes()[:-cut] if cut < 300 else b"<html>" * 50)
    if cut == 1:  # the last byte only repeats the size
        path.write_bytes(path.read_bytes()[:-7] + b"\0\0\0\0\0\0\0\0")
    with pytest.raises(SegbenchError, match=r"a\.nrrd: cannot be decoded"):
        DECODER.read(path, NO_CHOICES)


def test_a_mask_keeps_place_units_and_names(tmp_path, path):
    units = 'space units: "um" "um" "um"'
    turned = "space directions: (0.4,0.3,0) (-0.3,0.4,0) (0,0,-3)"
    write_nrrd(path, VOLUME, LPS, turned, ORIGIN, units)
    mask = tmp_path / "m.seg.nrrd"
    label = (VOLUME % 3).astype(np.uint16)
    DECODER.write_mask(label, mask, path, NO_CHOICES, {1: "cell", 2: "edge: a=b"})
    found, image = read(mask), DECODER.header(path, NO_CHOICES)
    np.testing.assert_array_equal(found.pixels, label)
    assert found.pixels.dtype == np.uint16
    np.testing.assert_allclose(found.header.affine, image.affine, atol=1e-12)
    assert found.header.labels == {1: "cell", 2: "edge: a=b"}
    again = tmp_path / "n.seg.nrrd"
    DECODER.write_mask(label, again, path, NO_CHOICES, {1: "cell", 2: "edge: a=b"})
    assert again.read_bytes() == mask.read_bytes()
