"""Summary of an apply run: what was done, and an error if an image could not be."""

from __future__ import annotations

import json
from pathlib import Path

from segbench.errors import SegbenchError
from segbench.files import write_text

#: So many failures are told in full.
SHOWN = 10


def conclude(applied: str | Path, output: str | Path) -> None:
    """Sum up what was applied.

    Parameters
    ----------
    applied : path
        applied.json.
    output : path
        A text of a few lines, written if all images were done.

    Raises
    ------
    SegbenchError
        Images failed: each is named with what is wrong. The results of the others are there.
    """
    record = json.loads(Path(applied).read_text("utf-8"))
    done, failed = record["images"], record["failed"]
    place = Path(applied).parent.absolute()
    if failed:
        shown = [
            f"{one['error']['what']}\n      {one['error']['action']}" for one in failed[:SHOWN]
        ]
        more = [f"... and {len(failed) - SHOWN} more, see {applied}"] * (len(failed) > SHOWN)
        raise SegbenchError(
            f"{len(failed)} of {len(done) + len(failed)} images could not be segmented:\n    "
            + "\n    ".join([*shown, *more]),
            f"readable images; the results of the other {len(done)} are in {place}",
            "mend or remove these images and run the same command again: only they are computed",
        )
    objects = sum(image.get("objects") or 0 for image in done)
    networks = len(record["networks"])
    arm = "/".join(str(value) for value in record["arm"].values())
    write_text(
        output,
        f"{len(done)} images segmented with {record['model']} "
        f"({networks} network{'s' * (networks != 1)}: {arm}), {objects} objects\n",
    )
