"""Sample sheets for the tests of the folds."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st

from segbench.artefacts.folds import Assignment
from segbench.artefacts.samples import Sample
from segbench.config.dataset import Fixed, Protocol


def singles(count: int, stratum: str = "", split: str = "train", prefix: str = "s") -> list[Sample]:
    """Samples that are groups of their own."""
    return [
        Sample(f"{prefix}{n:03d}", f"{prefix}{n:03d}", split, stratum, f"{prefix}{n:064d}"[-64:])
        for n in range(count)
    ]


def by_role(rows: list[Assignment], fold: int = 0) -> dict[str, list[str]]:
    """Sample ids by role in one fold."""
    roles: dict[str, list[str]] = {}
    for row in rows:
        if row.fold == fold:
            roles.setdefault(row.role, []).append(row.sample)
    return roles


def sizes(rows: list[Assignment], fold: int = 0) -> dict[str, int]:
    """Number of samples by role in one fold."""
    return dict(Counter(row.role for row in rows if row.fold == fold))


@st.composite
def random_sheets(draw: st.DrawFn) -> list[Sample]:
    """Sheets with groups of many sizes, equal images within groups, both splits, strata."""
    group_sizes = draw(st.lists(st.integers(1, 5), min_size=4, max_size=14))
    samples = []
    for group, size in enumerate(group_sizes):
        # The publisher may have put parts of one group on both sides.
        split = draw(st.sampled_from(["train", "train", "test"]))
        mixed = draw(st.booleans()) and draw(st.booleans())
        for member in range(size):
            twin = member and draw(st.booleans())
            samples.append(
                Sample(
                    f"g{group}m{member}",
                    f"g{group}",
                    draw(st.sampled_from(["train", "test"])) if mixed else split,
                    draw(st.sampled_from(["grey", "purple", "blank"])),
                    f"{group:032x}{0 if twin else member:032x}",
                )
            )
    return draw(st.permutations(samples))


@st.composite
def random_protocols(draw: st.DrawFn) -> Protocol:
    """Protocols of all kinds, whether or not a sheet can satisfy them."""
    count = st.builds(lambda n: Fixed(by="count", count=n), st.integers(1, 4))
    fraction = st.builds(lambda x: Fixed(by="fraction", fraction=x), st.sampled_from([0.15, 0.3]))
    none = st.just(Fixed())
    publisher = st.just(Fixed(by="publisher"))
    return Protocol(
        test=draw(st.one_of(none, publisher, count, fraction)),
        folds=draw(st.integers(1, 4)),
        validation=draw(st.one_of(none, count, fraction)),
        stratify=draw(st.booleans()),
        seed=draw(st.integers(0, 5)),
    )
