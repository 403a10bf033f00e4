"""What names of images and masks do not share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.inspection.name_ends import Ends, find_ends


@pytest.mark.parametrize(
    ("images", "masks", "ends"),
    [
        (["a", "b"], ["a", "b"], Ends()),
        (["a", "b"], ["a_mask", "b_mask"], Ends(mask_suffix="_mask")),
        (["a", "b"], ["aM", "bM"], Ends(mask_suffix="M")),
        (["a_0000", "b_0000"], ["a", "b"], Ends(image_suffix="_0000")),
        (["a_img", "b_img"], ["a_seg", "b_seg"], Ends(image_suffix="_img", mask_suffix="_seg")),
        (["im_1", "im_2"], ["gt_1", "gt_2"], Ends(image_prefix="im_", mask_prefix="gt_")),
        (["a", "b"], ["cell/a-gt", "wall/b-gt"], Ends(mask_suffix="-gt")),
        (["cell_01", "cell_02"], ["cell_01", "cell_02"], Ends()),
        (["a"], ["b"], Ends()),
        ([], [], Ends()),
    ],
)
def test_ends_are_found(images, masks, ends):
    assert find_ends(images, masks) == ends


def test_what_lacks_an_end_has_no_shared_name():
    ends = Ends(image_prefix="im_", mask_suffix="_gt")
    assert ends.mask("x/a_gt") == "x/a"
    assert ends.mask("x/a") == ends.mask("_gt") == ""
    assert ends.image("x/im_a") == "x/a"
    assert ends.image("x/a") == "x/a"


@given(
    st.lists(st.text("abcxyz", min_size=1, max_size=4), min_size=2, max_size=8, unique=True),
    st.sampled_from(["", "_img"]), st.sampled_from(["", "_mask", "-gt_fine"]),
)  # fmt: skip
def test_every_mask_pairs_again(names, image_end, mask_end):
    images, masks = [n + image_end for n in names], [n + mask_end for n in names]
    ends = find_ends(images, masks)
    assert [ends.mask(mask) for mask in masks] == [ends.image(image) for image in images]
