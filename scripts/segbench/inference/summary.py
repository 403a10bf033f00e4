"""Summary of an apply run; an error if images failed."""

from __future__ import annotations

import json
from pathlib import Path

from segbench.errors import SegbenchError
from segbench.files import write_text

#: Number of failures, and of files that were not read, shown in full.
SHOWN = 10


def conclude(applied: str | Path, output: str | Path) -> None:
    """Write a one-line summary of applied.json to `output`.

    Raises
    ------
    SegbenchError
        Images failed. The results of the others are kept.
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
            "fix or remove these images and run the same command again: only they are computed",
        )
    objects = sum(image.get("objects") or 0 for image in done)
    networks = len(record["networks"])
    arm = "/".join(str(value) for value in record["arm"].values())
    others = record["others"]
    unread = (
        f"; {len(others)} other files were not read: {', '.join(others[:SHOWN])}" if others else ""
    )
    unread += ", ..." * (len(others) > SHOWN)
    write_text(
        output,
        f"{len(done)} images segmented with {record['model']} "
        f"({networks} network{'s' * (networks != 1)}: {arm}), {objects} objects{unread}\n",
    )
