"""Small libraries, written out, and the digest of a script that uses them."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

from segbench.provenance.code import Code
from segbench.provenance.syntax import Writer

#: A script that uses one function of one module.
USE_A = "from lib.a import f\n\n\ndef work(x):\n    return f(x)\n"


class Small:
    """A library ``lib`` and a script ``s.py`` in a folder of their own."""

    def __init__(self, files: Mapping[str, str], folder: Path | None = None) -> None:
        self.top = folder or Path(tempfile.mkdtemp(prefix="small-"))
        everything = {"s.py": USE_A, "lib/__init__.py": "", **files}
        for name in list(everything):
            parents = list(Path(name).parents)[:-2] if name.startswith("lib/") else []
            for parent in parents:
                everything.setdefault(f"{parent}/__init__.py", "")
        for name, text in everything.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        self.script = self.top / "s.py"
        self.code = Code(self.top / "lib")

    def digest(self, modules: Sequence[str] = ()) -> str:
        """The digest of the script's code."""
        return self.code.digest(self.script, tuple(modules))

    def parts(self, modules: Sequence[str] = ()) -> dict[str, str]:
        """The parts of the script's code."""
        return self.code.parts(self.code.reach(self.script, tuple(modules)))


def digest_of(files: Mapping[str, str], modules: Sequence[str] = ()) -> str:
    """The digest of a small library's script."""
    return Small(files).digest(modules)


def digest_of_a(text: str, **files: str) -> str:
    """The digest where ``lib/a.py`` is this text, and other modules of `lib` are as given."""
    return digest_of({"lib/a.py": text, **{f"lib/{name}.py": t for name, t in files.items()}})


def written(text: str, package: str = "lib"):
    """The normalised form of one statement."""
    return Writer(package, "lib", {"Field": ("pydantic", "Field")}).write(
        ast.parse(dedent(text)).body[0]
    )
