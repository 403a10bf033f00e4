"""What studies need of the samples: a spacing where scores are in mm, room for the patches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.archives import ArchiveWriter
from segbench.artefacts.folds import Assignment, write_folds
from segbench.artefacts.samples import Sample, write_samples
from segbench.errors import SegbenchError
from segbench.folds.needs import check_needs

NOTHING = {"spacing": [], "patches": []}


def made(folder, sizes, spacing=(0.5, 0.5), axes="yxc"):
    """Samples a (trained on), b (validated), c (tested on); prepared images of these sizes."""
    roles = {"a": "train", "b": "validation", "c": "test"}
    write_folds([Assignment(0, n, n, "", role) for n, role in roles.items()], folder / "folds.tsv")
    write_samples(
        [Sample(n, n, spacing_mm=spacing if n == "c" else None) for n in roles],
        folder / "samples.tsv",
    )
    with ArchiveWriter(folder / "prep.zarr.zip", {"stage": "preprocess", "axes": axes}) as writer:
        for name, size in sizes.items():
            writer.add(name, {"image": np.zeros((*size, 1), np.uint8)}, {"source": name})
    return folder / "folds.tsv", folder / "samples.tsv", [folder / "prep.zarr.zip"]


def told(folder, sizes, needs, **more):
    with pytest.raises(SegbenchError) as error:
        check_needs(*made(folder, sizes, **more), {**NOTHING, **needs})
    return error.value


def test_a_tested_sample_without_a_spacing(tmp_path):
    error = told(tmp_path, {"a": (8, 8)}, {"spacing": ["nsd_1mm"]}, spacing=None)
    assert error.what == (
        f"{tmp_path}/samples.tsv: sample 'c' has no pixel spacing (1 in total), which nsd_1mm needs"
    )
    assert error.action == (
        "set spacing_um in the dataset's config, or remove nsd_1mm from the studies"
    )


def test_all_that_is_lacking_is_told_at_once(tmp_path):
    needs = {"spacing": ["hd95", "nsd_1mm"], "patches": [[9, 9], [9, 9, 9], [8, 8]]}
    error = told(tmp_path, {"a": (8, 8)}, needs, spacing=None)
    assert [line.partition(":")[2] or line for line in error.what.splitlines()] == [
        " sample 'c' has no pixel spacing (1 in total), which hd95, nsd_1mm need",
        "training.patch 9 x 9 is larger than sample 'a', which is 8 x 8 after preprocessing",
        "training.patch 9 x 9 x 9 has 3 sides, but sample 'a' is 8 x 8",
    ]
    assert "remove hd95, nsd_1mm from the studies" in error.action


def test_only_what_is_tested_on_needs_a_spacing(tmp_path):
    check_needs(*made(tmp_path, {"a": (8, 8)}), {**NOTHING, "spacing": ["hd95"]})


def test_no_metric_in_millimetres_needs_no_spacing(tmp_path):
    check_needs(*made(tmp_path, {"a": (8, 8)}, spacing=None), NOTHING)


def test_a_patch_that_is_larger_than_an_image(tmp_path):
    error = told(tmp_path, {"a": (64, 48)}, {"patches": [[32, 32], [64, 64]]})
    assert error.what == (
        "training.patch 64 x 64 is larger than sample 'a', which is 64 x 48 after preprocessing"
    )
    assert error.expected == "a patch that fits into every image: 64 x 48 at most"


def test_a_patch_with_too_few_sides(tmp_path):
    error = told(tmp_path, {"a": (8, 64, 64)}, {"patches": [[64, 64]]}, axes="zyxc")
    assert error.what == ("training.patch 64 x 64 has 2 sides, but sample 'a' is 8 x 64 x 64")


def test_only_images_that_are_trained_on_must_hold_the_patch(tmp_path):
    sizes = {"a": (64, 64), "a@0": (4, 4), "b": (9, 9), "c": (9, 9)}
    check_needs(*made(tmp_path, sizes), {**NOTHING, "patches": [[64, 64]]})


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.integers(1, 20)] * 2), st.tuples(*[st.integers(1, 20)] * 2))
def test_a_patch_passes_if_and_only_if_it_fits(tmp_path_factory, size, patch):
    files = made(tmp_path_factory.mktemp("needs"), {"a": size})
    needs = {**NOTHING, "patches": [list(patch)]}
    if patch[0] <= size[0] and patch[1] <= size[1]:
        check_needs(*files, needs)
    else:
        with pytest.raises(SegbenchError, match="is larger than sample 'a'"):
            check_needs(*files, needs)
