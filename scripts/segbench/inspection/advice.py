"""Usual mistakes in a folder of images and masks."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from segbench.decoders.decoder import Header
from segbench.decoders.registry import CONVERT
from segbench.inspection.pairs import Pairs, Place
from segbench.inspection.survey import Survey, counted, spacing_in_words, unreadable_lines

#: Endings of files that lie beside images without being any.
_TEXTS = frozenset({".csv", ".tsv", ".txt", ".md", ".json", ".yaml", ".yml", ".pdf", ""})
#: Names that are given as examples.
NAMED = 3


def warnings_of(found: Survey, pairs: Pairs) -> list[str]:
    """What is likely to go wrong, and what to do."""
    headers = _headers(found.headers, pairs.images.values())
    return [
        *unreadable_lines(found),
        *_pairing(pairs),
        *mixtures(headers),
        *_mask_sizes(found.headers, pairs),
        *notes(found.headers),
        *_duplicates(found.folder, pairs),
        *_left_over(found, pairs),
    ]


def _headers(headers: Mapping[str, Header], places: Iterable[Place]) -> dict[str, Header]:
    return {p.entry.name: headers[p.entry.name] for p in places if p.entry.name in headers}


def _some(places: Iterable[Place]) -> str:
    names = [place.entry.name for place in places]
    return ", ".join(names[:NAMED]) + ", ..." * (len(names) > NAMED)


def _pairing(pairs: Pairs) -> list[str]:
    lines = []
    if pairs.masks and pairs.unmasked:
        lines.append(
            f"{len(pairs.unmasked)} of {len(pairs.images)} images have no mask: "
            f"{_some(pairs.unmasked)}; save an empty mask for an image without objects; if they "
            "were not annotated, inspect again with masks=NEWFOLDER, which links the others only"
        )
    if pairs.lonely:
        lines.append(
            f"{len(pairs.lonely)} masks have no image: {_some(pairs.lonely)}; a mask is named like "
            "its image, but for one ending that all have"
        )
    if pairs.spare:
        lines.append(
            f"{len(pairs.spare)} more masks are of images that have one: {_some(pairs.spare)}; "
            "`layout.masks` and `mask_suffix` choose the masks"
        )
    if pairs.doubles:
        lines.append(
            f"{len(pairs.doubles)} images are named as another but for the ending: "
            f"{_some(pairs.doubles)}; remove one of the two"
        )
    return lines


def _channels(header: Header) -> str:
    return f"with {header.shape[-1] - header.alpha if header.axes.endswith('c') else 1}"


def _dtype(header: Header) -> str:
    return header.dtype.name


def _order(header: Header) -> str:
    return ", ".join(header.channels) or "unnamed"


def _dimensions(header: Header) -> str:
    return f"{len(header.size)}-D"


#: What may differ between images, how it is read, what to do.
_MIXTURES: tuple[tuple[str, Callable[[Header], str], str], ...] = (
    (
        "numbers of channels",
        _channels,
        "`channels: grey` or `rgb` in the preprocessing recipe makes one of them",
    ),
    (
        "names or orders of channels",
        _order,
        "save them in one order: with `channels: all` the first channel would be another thing in "
        "each",
    ),
    (
        "types of numbers",
        _dtype,
        "a stretch (`normalise`) in the preprocessing recipe makes one scale of them",
    ),
    (
        "pixel spacings",
        spacing_in_words,
        "scores in millimetres take each image's own; `spacing_mm` in the preprocessing recipe "
        "resamples volumes",
    ),
    (
        "numbers of axes",
        _dimensions,
        "make two datasets, one of images and one of volumes; or, for files that do not say their "
        "axes (.npy), set `layout: {axes: ...}`",
    ),
)


def mixtures(headers: Mapping[str, Header]) -> list[str]:
    """Images that differ in what recipes take to be the same."""
    lines = []
    for noun, kind, action in _MIXTURES:
        found = Counter(kind(header) for header in headers.values())
        if len(found) > 1:
            lines.append(f"the images have several {noun} ({counted(found)}): {action}")
    return lines


def _mask_sizes(headers: Mapping[str, Header], pairs: Pairs) -> list[str]:
    wrong = [
        (pairs.images[key], mask)
        for key, some in pairs.masks.items()
        for _, mask in some
        if {pairs.images[key].entry.name, mask.entry.name} <= headers.keys()
        and not headers[mask.entry.name].partial
        and headers[pairs.images[key].entry.name].size != headers[mask.entry.name].size
    ]
    if not wrong:
        return []
    image, mask = wrong[0]
    first, second = (headers[place.entry.name].size for place in (image, mask))
    swapped = "; rows and columns are swapped (by an EXIF orientation, say)" * (
        first == second[::-1]
    )
    return [
        f"{len(wrong)} masks differ from their images in size, e.g. {image.entry.name} "
        f"({' x '.join(map(str, first))}) and {mask.entry.name} ({' x '.join(map(str, second))})"
        f"{swapped}: make them anew for these images"
    ]


def notes(headers: Mapping[str, Header]) -> list[str]:
    """What the decoders say, each once."""
    said: dict[str, list[str]] = defaultdict(list)
    for name, header in headers.items():
        for note in header.notes:
            said[note].append(name)
    return [f"{names[0]}{f' and {len(names) - 1} more' * (len(names) > 1)}: {note}"
            for note, names in said.items()]  # fmt: skip


def _duplicates(folder: Path, pairs: Pairs) -> list[str]:
    """Image files with equal bytes."""
    files = [place for place in pairs.images.values() if (folder / place.entry.name).is_file()]
    by_size = _grouped(folder, [files], lambda path: path.stat().st_size)
    # Volumes of one size are many and large: most differ in a small part.
    copies = _grouped(folder, _grouped(folder, by_size, _sample_of), _digest_of)
    if not copies:
        return []
    return [
        f"{sum(map(len, copies))} images are copies of each other, e.g. {_some(copies[0])}: copies "
        "go into one group, so that they never part in a split"
    ]


def _grouped(
    folder: Path, groups: Iterable[list[Place]], key: Callable[[Path], Any]
) -> list[list[Place]]:
    """Parts of groups that have one key, if they are of several."""
    found = []
    for group in groups:
        parts: dict[Any, list[Place]] = defaultdict(list)
        for place in group:
            parts[key(folder / place.entry.name)].append(place)
        found += [part for part in parts.values() if len(part) > 1]
    return found


def _sample_of(path: Path) -> bytes:
    """Some bytes of the middle of a file."""
    with path.open("rb") as handle:
        handle.seek(path.stat().st_size // 2)
        return handle.read(4096)


def _digest_of(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _left_over(found: Survey, pairs: Pairs) -> list[str]:
    """Files that are read by nothing, by their ending."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for name in found.others:
        kinds[PurePosixPath(name).suffix.lower()].append(name)
    lines = []
    for suffix, names in sorted(kinds.items()):
        told = names[0].lower().endswith(tuple(CONVERT))  # with what converts it
        if not told and suffix not in _TEXTS:
            lines.append(f"not read: {len(names)} {suffix} (e.g. {names[0]})")
    stems = {place.entry.stem for place in pairs.images.values()}
    drawn = [name for name in kinds[".json"] if name[: -len(".json")] in stems]
    if drawn and '"shapes"' in (found.folder / drawn[0]).read_text("utf-8", "replace"):
        lines.append(
            f"{len(drawn)} JSON files are polygons of LabelMe (e.g. {drawn[0]}), which are not "
            "read: export them as COCO, YOLO or masks"
        )
    return lines
