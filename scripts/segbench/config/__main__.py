"""Write what is generated from the typed configuration, or check that it is up to date."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from segbench.config.reference import reference_text
from segbench.config.schema import schema_text
from segbench.files import write_text

#: Generated file -> what it should contain.
GENERATED: dict[str, Callable[[], str]] = {
    "config/schema.json": schema_text,
    "docs/reference/configuration.md": reference_text,
}

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m segbench.config`.

    Parameters
    ----------
    arguments : sequence of str, optional
        Of the command line.

    Returns
    -------
    int
        1 if `--check` finds a file that is out of date, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m segbench.config", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare; print the difference")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    options = parser.parse_args(arguments)
    stale = 0
    for name, make in GENERATED.items():
        path = options.root / name
        text, old = make(), path.read_text(encoding="utf-8") if path.exists() else ""
        if text == old:
            continue
        if options.check:
            stale += 1
            lines = (old.splitlines(keepends=True), text.splitlines(keepends=True))
            sys.stdout.writelines(difflib.unified_diff(*lines, f"{name} (file)", f"{name} (code)"))
        else:
            write_text(path, text)
            print(f"wrote {name}")
    if stale:
        print("out of date; run: make schema", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
