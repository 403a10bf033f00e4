"""An image of OME-TIFF in several files is one image."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from segbench.decoders.decoder import Entry
from segbench.decoders.listing import list_images
from segbench.decoders.registry import decoder_of
from unit.decoders.tiffs import GREY, STACK, refusal, taken

NAMES = ("cell_C0.ome.tif", "cell_C1.ome.tif", "cell_C2.ome.tif")


def description(own, names=NAMES):
    """OME-XML of one channel a file, as the file with the number `own` holds it."""
    planes = "".join(
        f'<TiffData FirstC="{n}" IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{n}</UUID>'
        "</TiffData>"
        for n, name in enumerate(names)
    )
    channels = "".join(f'<Channel ID="Channel:0:{n}" Name="stain {n}"/>' for n in range(len(names)))
    return (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        f'UUID="urn:uuid:{own}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" '
        f'Type="uint16" SizeX="17" SizeY="12" SizeZ="1" SizeC="{len(names)}" SizeT="1" '
        f'PhysicalSizeX="0.5" PhysicalSizeY="0.5">{channels}{planes}</Pixels></Image></OME>'
    )


def only(holder):
    """What the files of a description elsewhere hold."""
    return (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:9">'
        f'<BinaryOnly MetadataFile="{holder}" UUID="urn:uuid:9"/></OME>'
    )


def put(folder, descriptions, names=NAMES, compression=None):
    folder.mkdir(exist_ok=True)
    for name, page, says in zip(names, STACK, descriptions, strict=False):
        tifffile.imwrite(
            folder / name, page, description=says, metadata=None, ome=False, compression=compression
        )


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_all_files_are_read_from_each_of_them(tmp_path, compression):
    put(tmp_path, map(description, range(3)), compression=compression)
    for name in NAMES:
        header, found = taken(tmp_path / name)
        assert (header.axes, header.spacing_mm) == ("yxc", (0.0005, 0.0005))
        assert header.channels == ("stain 0", "stain 1", "stain 2")
        assert np.array_equal(found, np.moveaxis(STACK[:3], 0, -1))


def test_files_of_one_image_are_one_entry(tmp_path):
    put(tmp_path, map(description, range(3)))
    tifffile.imwrite(tmp_path / "other.ome.tif", GREY)
    entries, others = list_images(tmp_path)
    assert entries == [
        Entry(NAMES[0], NAMES, "cell_C0"),
        Entry("other.ome.tif", ("other.ome.tif",), "other"),
    ]
    assert others == []


def test_files_without_the_ending_are_told_to_be_one_image(tmp_path):
    names = ("a.tif", "b.tif")
    put(tmp_path, [description(0, names), description(1, names)], names)
    header, found = taken(tmp_path / "b.tif")
    assert np.array_equal(found, np.moveaxis(STACK[:2], 0, -1))
    assert header.notes == ("is one image with a.tif; only files named .ome.tif count as one",)


def test_an_image_that_fills_its_folder_is_called_as_the_folder(tmp_path):
    put(tmp_path / "cell", map(description, range(3)))
    (entry,) = list_images(tmp_path)[0]
    assert (entry.name, entry.stem) == (f"cell/{NAMES[0]}", "cell")


@pytest.mark.parametrize("holder", ["cell.companion.ome", NAMES[0]])
def test_the_description_may_lie_in_another_file(tmp_path, holder):
    says = [only(holder)] * 3
    if holder == NAMES[0]:
        says[0] = description(0)
    else:
        (tmp_path / holder).write_text(description(8))
    put(tmp_path, says)
    for name in NAMES:
        assert np.array_equal(taken(tmp_path / name)[1], np.moveaxis(STACK[:3], 0, -1))
    entries, others = list_images(tmp_path)
    assert [entry.name for entry in entries] == [NAMES[0]]
    assert set(entries[0].parts) == {holder, *NAMES}
    assert others == []


def test_a_missing_file_is_named(tmp_path):
    put(tmp_path, map(description, range(3)))
    (tmp_path / NAMES[1]).unlink()
    assert (
        f"its image also lies in {NAMES[1]}, and there is no such file"
        in refusal(tmp_path / NAMES[0]).what
    )
    put(tmp_path / "b", [only("cell.companion.ome")] * 3)
    assert "cell.companion.ome: there is no such file" in refusal(tmp_path / "b" / NAMES[0]).what


def test_a_renamed_file_is_itself(tmp_path):
    put(tmp_path, [description(0, NAMES[:1])], ("renamed.ome.tif",))
    assert np.array_equal(taken(tmp_path / "renamed.ome.tif")[1], STACK[0])


def test_planes_that_are_not_there_are_refused(tmp_path):
    says = description(0, NAMES[:1]).replace('SizeC="1"', 'SizeC="2"')
    put(tmp_path, [says], ("a.ome.tif",))
    assert "1 of 2 planes that it describes are not there" in refusal(tmp_path / "a.ome.tif").what


def test_images_that_cannot_be_followed_are_refused(tmp_path):
    says = description(0, NAMES[:1])
    image = says[says.index("<Image") : says.index("</OME>")]
    put(
        tmp_path,
        [says.replace(image, image + image.replace('SizeX="17"', 'SizeX="99"'))],
        ("a.ome.tif",),
    )
    assert (
        "names 2 image(s) with planes, and 1 could be found" in refusal(tmp_path / "a.ome.tif").what
    )


def test_the_ending_is_left_out_of_the_stem_and_masks_have_it(tmp_path):
    tifffile.imwrite(tmp_path / "a.OME.TIFF", GREY)
    (entry,) = list_images(tmp_path)[0]
    assert entry.stem == "a"
    assert decoder_of(tmp_path / entry.name).mask_ending == ".ome.tif"
