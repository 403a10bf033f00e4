"""Planning against Snakemake's own share, and a re-plan against a bare walk of the files.

The peer of a plan is a Snakefile of the same shape: as many jobs, files, logs, parameters,
resources and environments, but with constants for every function of ours. What is left is
Snakemake's own. The peer of a re-plan is looking at each file's size and time.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from measuring import Row, row

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segbench.config.dataset import Class, Dataset
from segbench.datasets.inventory import refresh
from workflow.project import Project

#: Models, seeds and folds of the study that is planned: 1,000 trainings, 4,000 jobs.
MODELS, SEEDS, FOLDS = 10, 20, 5
TRAININGS = MODELS * SEEDS * FOLDS

#: Slices and shards of the tree; UW-Madison has 38,496 of them.
SLICES, SHARDS = 50_000, 20

RATES = [round(1e-3 + number * 1e-4, 5) for number in range(MODELS)]

MAIN = f"""
datasets:
  kidney_nuclei:
    source: generated
    generated: {{samples: 30, test_samples: 2, seed: 0}}
    protocols: {{cross-validation: {{folds: {FOLDS}}}}}
studies:
  tiny:
    protocol: cross-validation
    seeds: {list(range(SEEDS))}
    sweep:
      grid: {{training.optimizer.learning_rate: {RATES}}}
"""

BARE = f"""
D = "results/{{dataset}}"
P = D + "/prep-{{preprocessing}}"
RUN = P + "/aug-{{augmentation}}/{{model}}/seed-{{seed}}/{{protocol}}/fold-{{fold}}"
LOG = RUN.replace("results/", "logs/")
NAMES = dict(dataset="kidney_nuclei", preprocessing="tiny", augmentation="none",
             protocol="cross-validation", fold=range({FOLDS}), seed=range({SEEDS}),
             model=[f"tiny--learning_rate-0.00{{100 + i}}" for i in range({MODELS})])
wildcard_constraints:
    **{{name: "[a-z0-9_.-]+" for name in NAMES}}
rule tiny:
    input: expand(RUN + "/scores.parquet", **NAMES)
rule once:
    output: "results/{{dataset}}/{{kind}}/once-{{n}}"
    script: "scripts/acquire.py"
"""

RULE = """
rule {name}:
    input: {inputs}
    output: {outputs}
    log: LOG + "/{name}.log"
    conda: "envs/cpu.yaml"
    threads: 1
    resources: mem_mb=1000, runtime=100
    params: {params}
    script: "scripts/{name}.py"
"""


def bare_snakefile() -> str:
    """The rules of a run with constants in the place of functions."""
    shards = '[D + "/prep/once-0", D + "/prep/once-1"]'
    truth = '[D + "/truth/once-0", D + "/truth/once-1"]'
    folds = 'D + "/folds/once-0"'
    runs: dict[str, tuple[list[str], list[str], int]] = {
        "train": ([shards, folds, 'D + "/leaks/once-0"'], ["model.keras", "history.csv"], 3),
        "predict": ([shards, folds, 'RUN + "/model.keras"'], ["probability.zarr.zip"], 3),
        "segment": ([truth, 'RUN + "/probability.zarr.zip"'], ["segmentation.zarr.zip"], 2),
        "score": ([truth, 'RUN + "/segmentation.zarr.zip"'], ["scores.parquet"], 4),
    }
    text = BARE
    for name, (inputs, outputs, params) in runs.items():
        text += RULE.format(
            name=name,
            inputs=", ".join(inputs),
            outputs=", ".join(f'RUN + "/{file}"' for file in [*outputs, f"{name}.cost.json"]),
            params=", ".join(f"p{n}={n}" for n in range(params)),
        )
    return text


def cpu_of(command: list[str], folder: Path) -> tuple[float, float]:
    """CPU seconds and peak memory (MB) of a command of its own."""
    code = (
        "import resource, subprocess, sys;"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3);"
        "sys.exit(done.stderr.decode()[-2000:] if done.returncode else 0)"
    )
    tools = str(Path(sys.executable).parent)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    # The plugin for Slurm asks a controller at each start, and waits if there is none.
    mute = folder / "tools/scontrol"
    mute.parent.mkdir(exist_ok=True)
    mute.write_text("#!/bin/sh\nexit 1\n")
    mute.chmod(0o755)
    clean["PATH"] = os.pathsep.join([str(mute.parent), tools, os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-c", code, f"{tools}/{command[0]}", *command[1:]],
        cwd=folder, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


def plans() -> list[Row]:
    """A dry run of a study of 1,000 trainings, and of a bare workflow of the same shape."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "checkout", Path(folder) / "store").tiny()
        project.write("config/config.yaml", MAIN)
        project.write("Bare", bare_snakefile())
        ours = ["snakemake", "-n", "tiny"]
        bare = ["snakemake", "-n", "-s", "Bare", "tiny"]
        measured = [(cpu_of(ours, project.folder), cpu_of(bare, project.folder)) for _ in range(2)]
    (seconds, memory), (peer, peer_memory) = (min(pair) for pair in zip(*measured, strict=True))
    jobs = 4 * TRAININGS
    what = f"dry run of {TRAININGS:,} trainings, {jobs:,} jobs"
    same = "bare Snakefile, same shape"
    return [
        row(what, seconds, same, peer, 0.6, f"CPU; {seconds / jobs * 1e3:.2f} ms a job"),
        row(f"{what}, peak memory", memory, same, peer_memory, 0.7, "", "MB"),
    ]


def make_tree(root: Path) -> None:
    """A tree as UW-Madison's: 50,000 slices, which are no pictures, and their table."""
    rows = ["id,class,segmentation"]
    for number in range(SLICES):
        day, place = divmod(number, 144)
        name = f"case{day // 5 + 1}_day{day % 5}"
        scans = root / f"train/{name.partition('_')[0]}/{name}/scans"
        if place == 0:
            scans.mkdir(parents=True)
        (scans / f"slice_{place + 1:04}_266_266_1.50_1.50.png").write_text(str(number))
        organs = ("large_bowel", "small_bowel", "stomach")
        rows += [f"{name}_slice_{place + 1:04},{organ},{number % 2 or ''}" for organ in organs]
    (root / "train.csv").write_text("\n".join(rows) + "\n")


def walk(folder: str) -> int:
    """Look at the size and time of every file below a folder."""
    seen = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                seen += walk(entry.path)
            else:
                entry.stat()
                seen += 1
    return seen


def replans() -> list[Row]:
    """What happens to the inventory of 50,000 samples before each plan."""
    with tempfile.TemporaryDirectory() as name:
        folder, raw = Path(name), Path(name) / "raw"
        make_tree(raw)
        organs = ("large_bowel", "small_bowel", "stomach")
        dataset = Dataset(
            title="-", format="uw_madison", task="overlapping", licence="-", citation="-",
            classes=tuple(Class(name=organ, value=n + 1) for n, organ in enumerate(organs)),
            protocols={}, shards=SHARDS,
        )  # fmt: skip
        outputs = {n: folder / f"shard-{n}.tsv" for n in range(SHARDS)}

        def look(edit: Callable[[], object] = lambda: None) -> tuple[float, int]:
            edit()
            start = perf_counter()
            changed = refresh(dataset, raw, outputs, folder / "side", "code")
            return perf_counter() - start, len(changed)

        for path in outputs.values():
            path.touch()
        look(), look()
        one = raw / "train/case1/case1_day0/scans/slice_0001_266_266_1.50_1.50.png"
        new = one.with_name("slice_0999_266_266_1.50_1.50.png")
        table = raw / "train.csv"
        text = table.read_text()
        edits: dict[str, Callable[[], object]] = {
            "nothing changed": lambda: None,
            "one file changed": lambda: one.write_text("changed"),
            "one sample added": lambda: new.write_text("new"),
            "one sample removed": new.unlink,
            "one row changed": lambda: table.write_text(
                text.replace("_0002,stomach,1", "_0002,stomach,3", 1)
            ),
        }
        rows: list[Row] = []
        for what, edit in edits.items():
            seconds, manifests = look(edit)
            start = perf_counter()
            walk(str(raw))
            bare = perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            note = f"{manifests} of {SHARDS} manifests rewritten; process of {peak:.0f} MB"
            aim = 0.3 if what == "nothing changed" else None
            rows.append(
                row(
                    f"inventory of {SLICES:,} samples, {what}",
                    seconds,
                    "sizes and times",
                    bare,
                    aim,
                    note,
                )
            )
    return rows


def measure() -> list[dict[str, Any]]:
    """All rows."""
    return [*plans(), *replans()]
