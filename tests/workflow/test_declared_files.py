"""Every file that a job reads is its input, code that its digest covers, or its own work.

Python's audit hook (`audit/sitecustomize.py`) notes what the jobs of a tiny run open. Raw files
are declared by the lists of the inventory; the images of `apply` by the list that is its input.
"""

from __future__ import annotations

import ast
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from segbench.decoders.registry import FORMATS, module_of
from segbench.provenance.code import FILE, Code
from workflow.project import RULES, Project

pytestmark = pytest.mark.workflow

MAIN = """
datasets:
  kidney_nuclei:
    source: generated
    generated: {samples: 6, test_samples: 2, seed: 0}
    protocols: {published: {validation: {count: 2}}}
  organ_tissue:
    source: generated
    shards: 1
    generated: {samples: 24, test_samples: 12, seed: 0}
  uw_madison:
    source: generated
    shards: 1
    protocols: {held-out: {test: {by: fraction, fraction: 0.4}, stratify: true}}
studies:
  tiny: {augmentation: [twice], sweep: {grid: {training.optimizer.learning_rate: [1e-3, 2e-3]}}}
  organ_resnets:
    preprocessing: [organ-tissue-64]
    augmentation: [none]
    models: [organ-tiny]
    sweep: null
  uw_madison_empty_slices:
    protocol: held-out
    preprocessing: [uw-tiny]
    models: [tiny]
    sweep: null
"""

CLASSIFIER = """
network: {kind: classifier, backbone: {name: MobileNetV3Small, weights: null}}
target: classes
loss: {name: ce}
training: {batch: 4, epochs: 1, steps_per_epoch: 2, best_epoch: last}
"""

DATASETS = ("kidney_nuclei", "organ_tissue", "uw_madison")

#: Rules that name the reader of their dataset for the digest of their code.
READING = frozenset(
    ["acquire", "explore_dataset", "index", "inventory", "measure", "preprocess", "truth"]
)

#: All but the rule that looks at a folder each time anew and keeps nothing in the store.
WATCHED = RULES - {"inspect_folder"}

#: Rules that name the networks of their models for the digest of their code.
NETWORKED = frozenset(["train", "predict", "segment", "apply_model"])

#: Folders whose files are declared one by one in a list that is an input or output of the rule,
#: or that the rule fills beside its declared output.
LISTED = {"inventory": ["data/raw"], "apply_model": ["slides", "applied"]}


class Job(NamedTuple):
    """What a job read and what it declares; its child processes included."""

    rule: str
    folder: Path
    read: frozenset[str]
    declared: dict[str, list[str]]

    def own(self) -> list[Path]:
        """Inputs, outputs and logs of the job, and its folders of raw files."""
        paths = [self.folder / path for paths in self.declared.values() for path in paths]
        lists = [path for path in self.declared["input"] if path.startswith("inventory/")]
        paths += [self.folder / "data/raw" / Path(path).parent.name for path in lists]
        return paths + [self.folder / one for one in LISTED.get(self.rule, ())]


def jobs_of(folder: Path, notes: Path) -> Iterator[Job]:
    """The jobs that were watched."""
    parts: dict[str, list[dict]] = {}
    for path in sorted(notes.glob("*.json")):
        parts.setdefault(path.name.split(".")[0], []).append(json.loads(path.read_text()))
    for name, notes_of_job in parts.items():
        declared = next(one["declared"] for one in notes_of_job if one["declared"])
        read = frozenset(path for one in notes_of_job for path in one["read"])
        yield Job(name.rpartition("-")[0], folder, read, declared)


def undeclared(job: Job, covered: frozenset[Path], store: Path) -> list[str]:
    """Files that a job read and that nothing declares."""
    system = [sys.prefix, sys.base_prefix, "/usr", "/etc", "/lib", "/proc", "/sys", "/dev"]
    allowed = [*map(Path, system), Path.home(), store, job.folder / ".snakemake", *job.own()]
    allowed += [job.folder / ".segbench", Path(__file__).parent / "audit"]
    allowed.append(job.folder / "scripts/segbench/provenance")
    found = []
    for text in sorted(job.read):
        path = Path(text)
        outside = path.is_relative_to(tempfile.gettempdir()) and job.folder not in path.parents
        module = path.parent.parent / f"{path.name.split('.')[0]}.py"
        source = module if path.suffix == ".pyc" else path
        if outside or source in covered or not path.is_file():
            continue  # a file that is gone was a temporary one of the job's own
        if any(path.is_relative_to(one) for one in allowed):
            continue
        found.append(f"{job.rule}: {text.removeprefix(f'{job.folder}/')}")
    return found


def covered_by_digest(project: Project, rule: str) -> frozenset[Path]:
    """The scripts, modules and data files that the digest of a rule's code covers."""
    scripts = project.folder / "scripts"
    code = Code(scripts / "segbench")
    kinds = ("", "miniature.") if rule == "acquire" else ("",) if rule in READING else ()
    modules = tuple(f"segbench.datasets.{kind}{name}" for kind in kinds for name in DATASETS)
    if rule in NETWORKED:
        modules = ("segbench.models.networks.unet", "segbench.models.networks.classifier")
    if rule in READING or rule == "apply_model":
        modules += tuple(module_of(one.module) for one in FORMATS)
    script = scripts / f"{rule}.py"
    reach = code.reach(script, modules)
    data = [name.removeprefix(FILE) for name in code.parts(reach) if name.startswith(FILE)]
    return frozenset(
        [script, *code.files(script, modules), *(scripts / "segbench" / name for name in data)]
    )


def carried(project: Project) -> frozenset[Path]:
    """The modules that only carry, log and store a job, and what these import."""
    scripts = project.folder / "scripts"
    todo = sorted((scripts / "segbench/provenance").glob("*.py"))
    found: set[Path] = set()
    while todo:
        path = todo.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("segbench"):
                base = scripts.joinpath(*str(node.module).split("."))
                bases = [base, *base.parents, *(base / alias.name for alias in node.names)]
                bases = [one for one in bases if scripts in one.parents]
                todo += [one.with_suffix(".py") for one in bases]
                todo += [one / "__init__.py" for one in bases]
    return frozenset(found)


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A run of all rules under the hook."""
    folder = tmp_path_factory.mktemp("declared")
    project = Project(folder / "checkout", folder / "store").tiny()
    project.write("config/config.yaml", MAIN)
    project.write("config/augmentation/twice.yaml", "amplification: {flips: [none, horizontal]}\n")
    project.write(
        "config/preprocessing/uw-tiny.yaml", "channels: grey\nresize: {height: 32, width: 32}\n"
    )
    project.write("config/models/organ-tiny.yaml", CLASSIFIER)
    random = np.random.default_rng(0)
    project.path("slides").mkdir()
    Image.fromarray(random.integers(0, 256, (32, 32), np.uint8)).save(project.path("slides/a.png"))
    project.notes = folder / "notes"
    project.notes.mkdir()
    project.snakemake("all", "submissions", "explore", **environment(project))
    model = ("--config", "images=slides", "model=tiny/best")
    project.snakemake("apply", *model, **environment(project))
    return project


def environment(project: Project) -> dict[str, str]:
    """What puts the hook in every Python of a run."""
    return {
        "SEGBENCH_AUDIT": str(project.notes),
        "PYTHONPATH": str(Path(__file__).parent / "audit"),
    }


def test_every_rule_was_watched(watched):
    assert {job.rule for job in jobs_of(watched.folder, watched.notes)} == WATCHED


def test_no_job_reads_what_nothing_declares(watched):
    covered = {rule: covered_by_digest(watched, rule) | carried(watched) for rule in WATCHED}
    found = [
        line
        for job in jobs_of(watched.folder, watched.notes)
        for line in undeclared(job, covered[job.rule], watched.store)
    ]
    assert not found, "\n".join(sorted(set(found)))


def test_an_undeclared_file_is_found(watched):
    """The test can fail: a script reads a file of the configuration by itself."""
    watched.edit(
        "scripts/samples.py",
        "def work(job: Job)",
        'open("config/config.yaml").close()\n\n\ndef work(job: Job)',
    )
    for path in watched.notes.iterdir():
        path.unlink()
    watched.snakemake("all", "--until", "samples", **environment(watched))
    (job, *_) = [j for j in jobs_of(watched.folder, watched.notes) if j.rule == "samples"]
    covered = covered_by_digest(watched, "samples") | carried(watched)
    assert undeclared(job, covered, watched.store) == ["samples: config/config.yaml"]
