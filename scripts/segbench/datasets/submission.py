"""submission.csv as the UW-Madison competition wants it: run-length codes, three rows per slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from segbench.archives import ArchiveSet
from segbench.datasets.rle import encode
from segbench.errors import SegbenchError
from segbench.files import write_text

HEADER = "id,class,predicted"


def write_submission(
    segmentations: Sequence[str | Path], classes: Sequence[str], output: str | Path
) -> None:
    """Write the masks of all slices as run-length codes.

    Parameters
    ----------
    segmentations : sequence of path
        Archives of masks at their original size, `label` (y, x, class): a network's, or those
        of the folds of a cross-validation, in which each slice occurs once.
    classes : sequence of str
        The publisher's names, in the order of a slice's rows.
    output : path
        CSV with the columns id, class and predicted; sorted by id, a row for each class of
        each slice. Runs go along rows and start at 1; an empty mask has an empty code.

    Raises
    ------
    SegbenchError
        The archives hold no masks, lack a class, or hold a slice twice.
    """
    archives = ArchiveSet(segmentations)
    task, known = archives.attributes.get("task"), list(archives.attributes.get("classes", []))
    missing = [name for name in classes if name not in known]
    if task != "overlapping" or missing:
        what = f"have no class {', '.join(missing)}" if missing else f"are of task {task}"
        raise SegbenchError(
            f"{', '.join(map(str, segmentations))}: {what}",
            f"masks of the classes {', '.join(classes)}, one for each class",
            "write the submission of a dataset with task: overlapping and these classes",
        )
    places = [(name, known.index(name)) for name in classes]
    write_text(output, "\n".join([HEADER, *_rows(archives, places)]) + "\n")


def _rows(archives: ArchiveSet, places: Sequence[tuple[str, int]]) -> Iterator[str]:
    for sample in archives:
        label = archives.read(sample, "label")
        for name, place in places:
            yield f"{sample},{name},{encode(label[..., place], 'row')}"
