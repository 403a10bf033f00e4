"""What descriptions of OME-TIFF say."""

from __future__ import annotations

import pytest

from segbench.decoders.ome_xml import OmeSaid, check_files, parse
from segbench.errors import SegbenchError

HEAD = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'


def image(planes, size="", names=("a", "")):
    channels = "".join(
        f'<Channel ID="c" Name="{name}"/>' if name else "<Channel/>" for name in names
    )
    return f'<Image ID="i"><Pixels {size}>{channels}{planes}</Pixels></Image>'


def plane(file, uuid):
    return f'<TiffData><UUID FileName="{file}">urn:uuid:{uuid}</UUID></TiffData>'


def test_sizes_and_names():
    size = 'PhysicalSizeX="0.5" PhysicalSizeY="250" PhysicalSizeYUnit="nm" PhysicalSizeZ="wide"'
    said = parse(f"{HEAD}>{image('<TiffData/>', size)}{image('<MetadataOnly/>')}</OME>", "a.tif")
    (only,) = said.images
    assert only.sizes_mm == {"X": 0.0005, "Y": 0.00025}
    assert only.channels == ("a", "")
    assert (said.others, said.companion) == ((), "")


def test_files_of_an_image():
    planes = plane("a.ome.tif", 1) + plane("b.ome.tif", 2) + plane("c.ome.tif", 3)
    xml = f'{HEAD} UUID="urn:uuid:1">{image(planes)}</OME>'
    assert parse(xml, "a.ome.tif").others == ("b.ome.tif", "c.ome.tif")
    assert parse(xml, "renamed.ome.tif").others == ("b.ome.tif", "c.ome.tif")


def test_a_description_elsewhere():
    xml = f'{HEAD}><BinaryOnly MetadataFile="a.companion.ome" UUID="urn:uuid:1"/></OME>'
    assert parse(xml, "a.ome.tif") == OmeSaid(companion="a.companion.ome")


def test_no_description_and_a_damaged_one():
    assert parse(None, "a.tif") == OmeSaid()
    with pytest.raises(ValueError, match="its OME description is damaged"):
        parse(f"{HEAD}><Image></OME>", "a.tif")


def test_missing_files_are_named(tmp_path):
    (tmp_path / "b.tif").touch()
    check_files(tmp_path / "a.tif", OmeSaid(others=("b.tif",)))
    with pytest.raises(SegbenchError) as caught:
        check_files(tmp_path / "a.tif", OmeSaid(others=("b.tif", "c.tif", "d.tif")))
    assert (
        "a.tif: its image also lies in c.tif, d.tif, and there is no such file" in caught.value.what
    )
    assert "all 4 files" in caught.value.expected
