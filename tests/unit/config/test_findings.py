"""A finding becomes a problem at its key's line, with all that it says."""

from __future__ import annotations

from segbench.config.documents import Document, Mark
from segbench.config.findings import Finding
from segbench.config.problems import ABSENT

BATCH = ("training", "batch")
DOCUMENT = Document(
    {"training": {"batch": 0}},
    {(): Mark("a.yaml", 1), BATCH[:1]: Mark("a.yaml", 4), BATCH: Mark("a.yaml", 5)},
)


def test_a_finding_is_placed_at_its_key() -> None:
    found = Finding(BATCH, "is too small", "1 or more", "1", 0).problem(DOCUMENT)
    assert (found.file, found.line, found.key) == ("a.yaml", 5, BATCH)
    assert (found.what, found.allowed, found.nearest, found.value) == (
        "is too small", "1 or more", "1", 0,
    )  # fmt: skip
    assert not found.unread


def test_a_key_that_is_not_written_is_placed_at_the_block_around_it() -> None:
    found = Finding(("training", "patch"), "is missing").problem(DOCUMENT)
    assert (found.line, found.key, found.value) == (4, ("training", "patch"), ABSENT)
    assert str(found) == "a.yaml, line 4: training.patch\n    is missing"


def test_part_of_a_main_file_is_placed_in_it() -> None:
    found = Finding(("training",), "is odd").problem(DOCUMENT.below(("models", "unet")))
    assert found.key == ("models", "unet", "training")
