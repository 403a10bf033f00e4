"""Following a how-to: what a page says is written into a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: A path on a line of its own, and blocks of code that are its content or edit it.
_STEP = re.compile(r"^`([\w/.-]+)`:\n((?:\n```(?:python|yaml|diff)\n.*?^```\n)+)", re.M | re.S)
_BLOCK = re.compile(r"```(python|yaml|diff)\n(.*?)^```\n", re.M | re.S)


def page(name: str) -> str:
    """Text of a how-to."""
    return (ROOT / "docs/how-to" / name).read_text(encoding="utf-8")


def copied(folder: Path) -> Path:
    """Copy the library and the configuration."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scripts/segbench", folder / "scripts/segbench", ignore=skip)
    shutil.copytree(ROOT / "config", folder / "config")
    return folder


def follow(text: str, folder: Path) -> list[str]:
    """Do what a page says in a copy; give the files that were written, in order."""
    steps = _STEP.findall(text)
    for name, blocks in steps:
        path = folder / name
        for kind, block in _BLOCK.findall(blocks):
            path.parent.mkdir(parents=True, exist_ok=True)
            content = edited(path.read_text(encoding="utf-8"), block) if kind == "diff" else block
            path.write_text(content, encoding="utf-8")
    return [name for name, _ in steps]


def edited(text: str, diff: str) -> str:
    """Apply one block of a diff; its old lines must stand in the text once."""
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(old) == 1, f"the page edits lines that are not there:\n{old}"
    return text.replace(old, new)


def python(copy: Path, *arguments: str) -> str:
    """Run Python on the library of a copy; give what it printed. It must not fail."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
