"""Realistic inputs of a report: histories, archives, scores, sheets, costs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd

from segbench.archives import ArchiveWriter
from segbench.arms import RUN_LABELS
from segbench.artefacts import folds, samples, scores
from segbench.artefacts.folds import Assignment
from segbench.artefacts.samples import Sample
from segbench.artefacts.scores import Score
from segbench.config.dataset import Dataset
from segbench.config.study import Study
from segbench.reporting.costs import read_jobs
from segbench.reporting.inputs import Manifest, ReportInput, StudyInput
from segbench.reporting.parts import ArmParts, ExplorationParts, StudyParts

NASTY = "<script>alert('x')</script> & \"$q$\" | \u202e"

FRAGMENT = """<div class="study">
<p class="answer">The table's own answer TOLD.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Arms">
<table><caption><span class="stay">Arms TOLD: mean IoU
[95 % interval], n groups</span></caption>
<thead><tr><th scope="col">arm</th><th scope="col">IoU<br><code>iou/per-image</code></th>
<th scope="col">interval</th><th scope="col">n</th><th scope="col">difference</th></tr></thead>
<tbody><tr><th scope="row">em-256, none, unet</th><td class="num">0.912</td>
<td class="num">0.887 to 0.931</td><td class="num">7</td><td class="num">reference</td></tr>
<tr><th scope="row">em-512, amplified-113, unet</th><td class="num">0.933</td>
<td class="num">0.910 to 0.951</td><td class="num">7</td><td class="num">+0.021 (tied)</td></tr>
<tr class="published"><th scope="row">published</th><td class="num">0.941</td>
<td class="num">± 0.047</td><td class="num">7</td><td class="num">&ndash;</td></tr></tbody>
</table></div>
<ul class="notes"><li>Note.</li></ul>
</div>
"""


def write_history(path: Path, epochs: int = 20, seed: int = 0) -> Path:
    """A plausible training: the loss falls, the Dice rises, one epoch is chosen."""
    noise = np.random.default_rng(seed).normal(0, 0.02, (epochs, 3))
    step = np.arange(1, epochs + 1)
    loss = 0.08 + 0.6 * np.exp(-step / 6) + np.abs(noise[:, 0])
    val_loss = 0.11 + 0.6 * np.exp(-step / 6) + np.abs(noise[:, 1])
    dice = np.clip(0.93 - 0.8 * np.exp(-step / 4) + noise[:, 2], 0, 1)
    frame = pd.DataFrame(
        {
            "epoch": step,
            "learning_rate": 1e-3,
            "loss": loss,
            "val_loss": val_loss,
            "val_dice": dice,
            "chosen": (step == 1 + int(dice.argmax())).astype(int),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, float_format="%.6f")
    return path


def discs(height: int, width: int, seed: int, shift: float = 0.0) -> np.ndarray:
    """Numbered discs, uint16 (height, width)."""
    rng = np.random.default_rng(seed)
    label = np.zeros((height, width), np.uint16)
    y, x = np.mgrid[:height, :width]
    for number in range(1, 9):
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        radius = rng.uniform(0.05, 0.12) * min(height, width)
        label[(y - cy - shift) ** 2 + (x - cx + shift) ** 2 < radius**2] = number
    return label


def write_archives(
    folder: Path, samples: dict[str, tuple[int, int]], shift: float = 2.0, channels: int = 1
) -> tuple[Path, Path, Path]:
    """Archives preprocessed (64 x 64), segmentation and truth (at the given sizes)."""
    paths = [folder / f"{name}.zarr.zip" for name in ("prep", "segmentation", "truth")]
    common = {"task": "instances", "classes": ["nucleus"], "class_values": [1]}
    prep = {**common, "stage": "preprocess", "axes": "yxc", "image_scale": 1 / 255}
    with (
        ArchiveWriter(paths[0], prep) as images,
        ArchiveWriter(paths[1], {**common, "stage": "segment", "axes": "yx"}) as predicted,
        ArchiveWriter(paths[2], {**common, "stage": "truth", "axes": "yx"}) as truth,
    ):
        for number, (sample, (height, width)) in enumerate(sorted(samples.items())):
            rng = np.random.default_rng(number)
            ground = 90 + 60 * (discs(64, 64, number) > 0) + rng.normal(0, 12, (64, 64))
            image = np.clip(ground, 0, 255).astype(np.uint8)
            images.add(sample, {"image": np.repeat(image[:, :, None], channels, axis=2)})
            truth.add(sample, {"label": discs(height, width, number)})
            predicted.add(sample, {"label": discs(height, width, number, shift * (1 + number))})
    return paths[0], paths[1], paths[2]


def score_rows(values: dict[str, float], **changes: object) -> list[dict[str, object]]:
    """Tidy rows of one arm, one class, one metric."""
    common: dict[str, object] = {
        "dataset": "toy",
        "preprocessing": "p64",
        "augmentation": "none",
        "model": "unet",
        "seed": 0,
        "protocol": "holdout",
        "fold": "0",
        "class": "nucleus",
        "metric": "iou",
        "definition": "iou/per-image/empty-excluded",
    }
    return [
        {**common, "sample": sample, "group": f"g-{sample}", "value": value, **changes}
        for sample, value in values.items()
    ]


def write_scores(path: Path, rows: list[dict[str, object]]) -> Path:
    """A scores.parquet."""
    found = [
        Score(*(row[name] for name in scores.NAMES), 1.0, row["value"])  # type: ignore[arg-type]
        for row in rows
    ]
    scores.write_scores({name: rows[0][name] for name in RUN_LABELS}, found, path)
    return path


def toy_study(**changes: object) -> Study:
    """A study whose one arm is that of `score_rows`."""
    values: dict[str, object] = {
        "title": "Toy",
        "question": "Does it work?",
        "dataset": "toy",
        "protocol": "holdout",
        "preprocessing": ("p64",),
        "augmentation": ("none",),
        "models": ("unet",),
        "metrics": ("iou",),
        "primary": "iou",
    }
    return Study.model_validate({**values, **changes})


def write_samples(path: Path, count: int = 12, nasty: bool = False) -> Path:
    """A samples.tsv: two byte-identical images, two blanks, two sizes."""
    rows = []
    for k in range(count):
        blank = k in (3, 4)
        side = 512 if k % 4 else 256
        rows.append(
            Sample(
                NASTY if nasty and k == 0 else f"s{k:02d}",
                f"g{k // 2}",
                "test" if k >= count - 3 else "train",
                classes=() if blank else ("nucleus",),
                objects=0 if blank else 10 + k,
                size=(side, side),
                spacing_mm=(0.000005, 0.000005) if k % 2 else None,
                image_sha256="same" if k in (0, 1) else f"sha{k}",
                shard=k % 2,
            )
        )
    samples.write_samples(rows, path)
    return path


def write_folds(path: Path, count: int = 12, number: int = 2) -> Path:
    """A folds.tsv with a fixed test set."""
    rows = []
    for fold in range(number):
        for k in range(count):
            role = "test" if k >= count - 3 else "validation" if k % 4 == fold else "train"
            rows.append(Assignment(fold, f"s{k:02d}", f"g{k // 2}", "", role))
    folds.write_folds(rows, path)
    return path


def write_verdict(path: Path) -> Path:
    """A clean verdict."""
    path.write_text(json.dumps({"verdict": "clean", "checked": {"folds": 2, "samples": 12}}))
    return path


def cost(stage: str, **changes: object) -> dict[str, object]:
    """The cost of a job without a GPU."""
    return {
        "stage": stage,
        "wildcards": {"dataset": "toy", "preprocessing": "p64", "shard": "0"},
        "wall_s": 12.5,
        "cpu_s": 20.25,
        "peak_rss_mb": 700.0,
        "read_mb": 10.0,
        "write_mb": 3.0,
        "threads": 2,
        "host": "node1",
        "gpu": None,
        "images_per_s": 41.5,
        "status": "computed",
        "started": "2026-11-21T10:00:00+00:00",
        **changes,
    }


GPU = {
    "name": "NVIDIA A100-SXM4-40GB",
    "peak_memory_mb": 9216.0,
    "energy_j": 720000.0,
    "utilisation": 0.87,
}


def write_costs(folder: Path) -> tuple[Path, ...]:
    """Jobs on two hosts: CPU, GPU, restored, unmeasured."""
    run = {
        "dataset": "toy",
        "preprocessing": "p64",
        "augmentation": "none",
        "model": "unet",
        "seed": "0",
        "protocol": "holdout",
        "fold": "1",
    }
    entries = [
        cost("preprocess"),
        cost("train", wildcards=run, gpu=GPU, wall_s=5025.0, cpu_s=9000.0, host="gpu2",
             peak_rss_mb=6144.0, images_per_s=812.25, started="2026-11-21T10:01:00+00:00",
             asked={"mem_mb": 4096, "runtime_min": 120, "gpu": 1, "gpu_mem_mb": 12288}),
        cost("predict", wildcards=run, status="restored", wall_s=0.02, cpu_s=0.01,
             images_per_s=None, started="2026-11-21T11:30:00+00:00"),
        cost("score", wildcards=run, wall_s=None, cpu_s=float("nan"), read_mb=None,
             started="2026-11-21T11:31:00+00:00"),
    ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, entry in enumerate(entries):
        path = folder / f"{number}.cost.json"
        path.write_text(json.dumps(entry))
        paths.append(path)
    return tuple(paths)


def toy_dataset(**changes: object) -> Dataset:
    """A generated dataset of nuclei."""
    values: dict[str, object] = {
        "title": "Toy",
        "format": "dsb2018",
        "task": "semantic",
        "classes": ({"name": "nucleus", "value": 1},),
        "source": "generated",
        "generated": {"samples": 4, "seed": 1},
        "licence": "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
        "citation": "Kume et al. 2019, doi:10.1000/xyz123.",
        "protocols": {
            "holdout": {"description": "7 fixed test images; 5 of the others choose the epoch."}
        },
    }
    return Dataset.model_validate({**values, **changes})


PUBLISHED = {"source": "download", "download": {"url": "https://example.org/data.zip"}}


def names_of(**changes: str) -> dict[str, str]:
    """The names of an arm of `toy_study`."""
    return {
        "preprocessing": "p64", "augmentation": "none", "model": "unet", "seed": "0", **changes
    }  # fmt: skip


def build_study(
    folder: Path, name: str = "toy_study", *, generated: bool = True, nasty: bool = False
) -> StudyInput:
    """A whole study: tables, pictures, sheets."""
    from segbench.reporting.curves import draw_curves
    from segbench.reporting.histories import read_runs, write_losses
    from segbench.reporting.overlays import draw_overlays

    folder.mkdir(parents=True, exist_ok=True)
    text = NASTY if nasty else ""
    trainings = [("p64", 0), ("p64", 1), ("p128", 0), ("p128", 1)]
    runs = read_runs(
        [{"preprocessing": arm, "fold": fold} for arm, fold in trainings],
        [write_history(folder / f"{arm}-{fold}.csv", seed=fold) for arm, fold in trainings],
    )
    draw_curves(runs, f"Toy {text}", folder / "curves.svg")
    write_losses(runs, folder / "losses.tsv")
    sizes = {"a": (90, 120), "b": (90, 120), "c": (64, 64), "d": (64, 64)}
    prep, segmentation, truth = write_archives(folder, sizes)
    values = {"a": 0.91, "b": 0.52, "c": 0.8, "d": float("nan")}
    scores = write_scores(folder / "scores.parquet", score_rows(values))
    draw_overlays([scores], toy_study(), "p64", [prep], [segmentation], [truth], folder / "p64.png")
    tables = {kind: folder / f"{name}.{kind}" for kind in ("csv", "md", "tex", "html")}
    fragment = FRAGMENT.replace("TOLD", "of generated data" if generated else "of the study")
    for kind, path in tables.items():
        path.write_text(fragment if kind == "html" else f"{kind} table\n", encoding="utf-8")
    second = f"p128 {text}".strip()
    return StudyInput(
        name=name,
        study=toy_study(
            title=f"Kidney nuclei: input size and amplification {text}".strip(),
            question=f"Which input size is best, and does amplification help? {text}".strip(),
            dataset="toy" if generated else "bowl",
        ),
        dataset=toy_dataset(
            title=f"Kidney EM nuclei {text}".strip(),
            citation=f"Kume et al. 2019, doi:10.1000/xyz123. {text}".strip(),
            **({} if generated else PUBLISHED),
        ),
        parts=StudyParts(
            samples=write_samples(folder / "samples.tsv", nasty=nasty),
            folds=write_folds(folder / "folds.tsv"),
            verdict=write_verdict(folder / "verdict.json"),
            tables=tables,
            losses=folder / "losses.tsv",
            pictures={"curves": folder / "curves.svg"},
            arms=(
                ArmParts(names=names_of(), pictures={"overlays": folder / "p64.png"}),
                ArmParts(
                    names=names_of(preprocessing=second),
                    pictures={"overlays": folder / "p64.png"},
                ),
            ),
        ),
        recipes=(("preprocessing", "p64", f"resize: {{height: 64, width: 64}} # {text}\n"),),
    )


def explored(folder: Path, name: str = "bowl") -> ExplorationParts:
    """The exploration of some generated nuclei."""
    from segbench.datasets import generator
    from segbench.datasets.dsb2018 import Dsb2018
    from segbench.exploration.stage import PICTURES, explore

    raw = folder / "raw"
    generator("dsb2018")(raw, 8, 0, 0)
    source = Dsb2018()
    items = list(source.scan(raw))
    kind = {"axes": "yx", "task": "instances", "classes": ["nucleus"], "class_values": [1]}
    rows = []
    with ArchiveWriter(folder / "truth.zarr.zip", kind) as truth:
        for item in items:
            label = source.read_label(raw, item)
            truth.add(item.sample, {"label": label})
            found = {"classes": ("nucleus",), "objects": int(label.max()), "size": label.shape}
            rows.append(Sample(item.sample, item.group, channels=3, **found))
    samples.write_samples(rows, folder / "explored.tsv")
    dataset = toy_dataset(task="instances", protocols={})
    outputs = {
        key: folder / f"{key}.{'png' if key in ('sheet', 'appearance') else 'svg'}"
        for key in PICTURES
    }
    files = {"summary": folder / "summary.json", "clusters": folder / "appearance.tsv"}
    sheet, archives = folder / "explored.tsv", [folder / "truth.zarr.zip"]
    explore(name, dataset, raw, sheet, archives, {**outputs, **files})
    return ExplorationParts(summary=files["summary"], pictures=outputs)


def build_classifier(folder: Path, study: StudyInput) -> StudyInput:
    """A study of whole images with a sweep: matrix, curves and mistakes in place of overlays."""
    from segbench.reporting.classification import draw_classification
    from segbench.reporting.sweep import draw_sweep
    from unit.reporting.kinds import tissues

    prep, segmentation, truth = tissues(folder / "archives")
    kinds = {"confusion": "svg", "reliability": "svg", "roc": "svg", "mistakes": "png"}
    outputs = {kind: folder / f"{kind}.{ending}" for kind, ending in kinds.items()}
    draw_classification([segmentation], [truth], [prep], "resnet · seed 0", outputs)
    points = {f"m{k}": {"training.rate": 10.0**-k, "network.name": "ab"[k % 2]} for k in range(4)}
    values = {name: 0.8 + 0.03 * k for k, name in enumerate(points)}
    rows = [f"ours,{name},{value}" for name, value in values.items()]
    table = folder / "sweep.csv"
    table.write_text("\n".join(["kind,model,accuracy_mean_common", *rows]) + "\n")
    draw_sweep(points, table, "accuracy", "exclude", "Sweep", folder / "sweep.svg")
    arms = [names_of(model=model) for model in ("resnet", "resnet-deep")]
    parts = study.parts.model_copy(
        update={
            "pictures": {**study.parts.pictures, "sweep": folder / "sweep.svg"},
            "arms": tuple(ArmParts(names=names, pictures=outputs) for names in arms),
        }
    )
    return dataclasses.replace(
        study,
        name="organ_resnets",
        study=toy_study(
            title="Organ tissue: which ResNet?",
            dataset="organ_tissue",
            sweep={"grid": {"training.rate": (0.1, 0.01)}},
        ),
        dataset=toy_dataset(task="classification", title="Organ tissue", **PUBLISHED),
        parts=parts,
    )


def build_report(folder: Path, *, nasty: bool = False) -> ReportInput:
    """A report with a generated and a real study."""
    real = build_study(folder / "two", "dsb2018_nuclei", generated=False)
    return ReportInput(
        title="segbench",
        config="config/config.yaml",
        studies=(
            build_study(folder / "one", "kidney_input_size", generated=True, nasty=nasty),
            real,
            build_classifier(folder / "three", real),
        ),
        explorations={"bowl": explored(folder / "two")},
        jobs=tuple(read_jobs(write_costs(folder / "costs"))),
        manifest=Manifest(
            commit="0123456789abcdef0123456789abcdef01234567",
            code={"train": "d" * 32, "score": "e" * 32},
            packages={"numpy": "2.4.6", "keras": "3.12.1"},
            config=f"studies:\n  kidney: {{}} # {NASTY if nasty else ''}\n",
        ),
    )
