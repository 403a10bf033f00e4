"""Run all measurements, or those named, and print one Markdown table.

`python tests/bench [NAME ...]`, where NAME is a part of a file's name. Each
`bench_*.py` has a function ``measure()`` that gives rows: dictionaries with ``name``,
``ours_s``, ``peer``, ``peer_s``, ``ratio`` (peer / ours: above 1, ours is better), ``aim``
(least ratio, or None), ``note`` and, if not seconds, ``unit``.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

# One core means one core: also for the libraries behind the peers.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

FOLDER = Path(__file__).resolve().parent
HEADING = ("what", "ours", "peer", "peer's", "ratio", "aim", "", "note")


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Import one measurement by its file and run it; a failure is a row, too."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
        return list(module.measure())
    except Exception as error:  # one broken measurement must not hide the others
        return [{"name": path.stem, "failed": f"{type(error).__name__}: {error}"}]


def quantity(value: float, unit: str) -> str:
    """A number with three digits and a fitting unit.

    >>> quantity(0.00231, "s"), quantity(61.5, "s"), quantity(152.3, "MB")
    ('2.31 ms', '61.5 s', '152 MB')
    """
    if unit == "s":
        factor, unit = next(
            (step for step in ((1, "s"), (1e3, "ms")) if value * step[0] >= 1), (1e6, "µs")
        )
        value *= factor
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """One line of the table."""
    if "failed" in row:
        return (row["name"], "", "", "", "", "", "FAILED", row["failed"])
    unit, aim = row.get("unit", "s"), row.get("aim")
    verdict = "" if aim is None else "ok" if row["ratio"] >= aim else "missed"
    return (
        row["name"], quantity(row["ours_s"], unit), row["peer"], quantity(row["peer_s"], unit),
        f"{row['ratio']:.2f}", "" if aim is None else f"{aim:g}", verdict, row.get("note", ""),
    )  # fmt: skip


def table(lines: Sequence[Sequence[str]]) -> str:
    """Lay lines out as an aligned Markdown table; the first is the heading."""
    lines = [[cell.replace("|", "/").replace("\n", " ") for cell in line] for line in lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)


def main(names: Iterable[str]) -> int:
    """Run the measurements whose file name has one of `names` in it; all without names."""
    names = list(names)
    files = sorted(FOLDER.glob("bench_*.py"))
    chosen = [f for f in files if not names or any(name in f.stem for name in names)]
    if not chosen:
        print(f"no such measurement; there are: {', '.join(f.stem for f in files)}")
        return 2
    found: list[dict[str, Any]] = []
    for file in chosen:
        print(f"{file.stem} ...", file=sys.stderr, flush=True)
        found += rows_of(file)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}\n")
    print(table([HEADING, *map(cells, found)]))
    return 1 if any("failed" in row for row in found) else 0


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parents[1] / "scripts"))
    raise SystemExit(main(sys.argv[1:]))
