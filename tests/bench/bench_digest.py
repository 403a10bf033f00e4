"""Cold digests of all rules' code against those of commit 9ce2bfc, on the same library.

The digest of that commit followed statements and not what their names mean. Both digest the
library of this checkout, each in a fresh process and in turns; the seconds are of the CPU.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, row

ROOT = Path(__file__).resolve().parents[2]
BEFORE = "9ce2bfc"

#: More time than before is not to be taken than this.
LIMIT = 1.2

PROGRAM = """
import sys, time
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from segbench.provenance import code
scripts = Path(sys.argv[2])
library = scripts / "segbench"
formats = [p.stem for p in (library / "datasets/miniature").glob("*.py")]
formats = sorted(name for name in formats if (library / f"datasets/{name}.py").exists())
computing = ("train", "predict", "segment", "apply_model")
kinds = sorted(p.stem for p in (library / "models/networks").glob("[a-z]*.py"))
networks = [[], [f"segbench.models.networks.{kind}" for kind in kinds]]
decoders = sorted(f"segbench.decoders.{p.stem}" for p in (library / "decoders").glob("[a-z]*.py"))
opening = {"inspect_folder": decoders, "apply_model": networks[1] + decoders}
reading = ("acquire", "explore_dataset", "index", "inventory", "measure", "preprocess", "truth")
code._version("numpy")
start = time.process_time()
count = 0
for script in sorted(scripts.glob("*.py")):
    if script.stem in ("explain", "store"):
        continue
    for name in formats if script.stem in reading else [""]:
        modules = networks[script.stem in computing]
        modules = [f"segbench.datasets.{name}", *decoders] if name else modules
        modules = opening.get(script.stem, modules)
        code.code_digest(script, library, modules)
        count += 1
print(time.process_time() - start, count)
"""


def seconds(of: Path) -> tuple[float, int]:
    """CPU seconds of a fresh process that digests all rules, and how many digests there are."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(of), str(ROOT / "scripts")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    spent, count = done.stdout.split()
    return float(spent), int(count)


def measure() -> list[Row]:
    """Now against then."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", BEFORE, "scripts"], cwd=ROOT, capture_output=True, check=True
        )
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(folder, filter="data")
        times = [(seconds(ROOT / "scripts"), seconds(Path(folder) / "scripts")) for _ in range(5)]
    ours, peers = (min(pair[side][0] for pair in times) for side in (0, 1))
    return [
        row(
            f"digests of the code of {times[0][0][1]} rules with their readers, cold",
            ours,
            f"commit {BEFORE}",
            peers,
            1 / LIMIT,
            f"CPU seconds; at most {LIMIT:g} times as long",
        )
    ]
