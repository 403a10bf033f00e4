"""The config of an inspected folder as files, with comments."""

from __future__ import annotations

import csv
from io import StringIO

from segbench.inspection.proposal import Named, Proposal
from segbench.inspection.yaml_text import text_of

_METRICS = {
    "instances": ("[dsb_map, iou, dice]", "dsb_map"),
    "classification": ("[accuracy, balanced_accuracy]", "accuracy"),
}


def config_files(proposal: Proposal, name: str, path: str) -> dict[str, str]:
    """Files of a config that runs as it stands.

    Parameters
    ----------
    proposal : Proposal
    name : str
        Of the dataset, its study and its recipes.
    path : str
        The folder, relative to the project or absolute.

    Returns
    -------
    dict of str to str
        Path below the project -> text.
    """
    return {
        f"config/datasets/{name}.yaml": _dataset(proposal, name, path),
        f"config/preprocessing/{name}.yaml": _preprocessing(proposal),
        f"config/models/{name}.yaml": _model(proposal),
        f"config/studies/{name}.yaml": _study(proposal, name),
        f"config/{name}.yaml": _main(name),
    }


def _schema(kind: str, depth: int = 1) -> str:
    return f"# yaml-language-server: $schema={'../' * depth}schema.json#/$defs/{kind}\n"


def _dataset(proposal: Proposal, name: str, path: str) -> str:
    lines = [
        "# Written by `snakemake inspect`. Check the lines marked with <-.",
        f"title: {text_of(name)}",
        f"format: {proposal.format}",
        f"task: {proposal.task}    # <- {proposal.why}",
        "classes:                  # <- names as they stand in tables"
        + "; labels: what masks hold" * (proposal.format == "folder"),
        *(f"  - {_class(one)}" for one in proposal.classes),
    ]
    if proposal.ignore:
        lines.append(
            f"ignore: {{labels: [{', '.join(proposal.ignore)}]}}    # <- nobody "
            "annotated it? Not learnt, not scored"
        )
    if proposal.format == "folder":
        if proposal.task == "semantic":
            lines.append(
                "# background: {labels: [0]}   what is no class; without this line 0, or black"
            )
        lines += [
            "layout:",
            *(f"  {key}: {text_of(value)}" for key, value in proposal.layout.items()),
        ]
        if "sheet" not in proposal.layout:
            lines.append("  sheet: null             # <- sheet.csv, once it is in the folder")
    if not proposal.spaced:
        sides = ", ".join(["0.5"] * len(proposal.size))
        lines.append(
            f"# spacing_um: [{sides}]   size of a pixel or voxel in micrometres, if it is known"
        )
    lines += [
        "source: folder",
        f"folder: {{path: {text_of(path)}}}",
        "licence: not stated       # <-",
        "citation: not stated      # <-",
        "protocols:",
    ]
    validation = "    validation: {by: fraction, fraction: 0.25}"
    if proposal.tested:
        off = "" if "sheet" in proposal.layout else "# "
        lines += [
            f"{off}  held-out:               # the test images of the sheet",
            f"{off}    test: {{by: publisher}}",
            f"{off}{validation}",
        ]
    folds = max(2, min(4, proposal.count // 2))
    lines += ["  cross-validation:       # every image is tested on once",
              "    test: {by: none}", f"    folds: {folds}", validation]  # fmt: skip
    return _schema("dataset") + "\n".join(lines) + "\n"


def _class(one: Named) -> str:
    labels = f", labels: [{', '.join(one.labels)}]" if one.labels else ""
    return f"{{name: {text_of(one.name)}, value: {one.value}{labels}}}"


def _preprocessing(proposal: Proposal) -> str:
    lines = [f"channels: {proposal.channels}"]
    if len(proposal.size) == 3:
        lines += ["# spacing_mm: [1.0, 1.0, 1.0]   one size of voxels for all volumes",
                  "normalise: zscore", "dtype: float16"]  # fmt: skip
    else:
        size = "{height: 64, width: 64}" if proposal.task == "classification" else "null"
        lines += [f"resize: {size}", "normalise: percentile", "dtype: uint8"]
    return _schema("preprocessing") + "\n".join(lines) + "\n"


def _model(proposal: Proposal) -> str:
    head = (
        "# A tiny network, to see whether everything runs; then a larger one, e.g. folder-unet.\n"
    )
    if proposal.task == "classification":
        lines = [
            "network: {kind: classifier, backbone: {name: MobileNetV3Small, weights: null}}",
            "target: classes",
            "loss: {name: ce}",
            "training: {batch: 8, epochs: 4, steps_per_epoch: 20, best_epoch: val_loss}",
        ]
        return _schema("model") + head + "\n".join(lines) + "\n"
    objects = proposal.task == "instances"
    several = objects or proposal.task == "overlapping"
    patch = ", ".join(map(str, proposal.patch))
    lines = [
        f"network: {{depth: {proposal.depth}, width: 8, normalisation: group}}",
        f"target: {'foreground_boundary' if objects else 'classes'}",
        f"loss: {{name: {'bce_dice' if several else 'ce_dice'}, dice_weight: 0.5}}",
        "training:",
        "  batch: 4",
        "  epochs: 4",
        "  steps_per_epoch: 20",
        f"  patch: [{patch}]   # no larger than the smallest image",
        "  optimizer: {name: adam, learning_rate: 1e-2}",
        "  best_epoch: val_dice",
        "prediction: {overlap: 0.25, batch: 4}",
        "instances: {method: watershed, threshold: 0.5, seed_threshold: 0.5, minimum_px: 10}"
        if objects
        else "instances: {method: none}",
    ]
    return _schema("model") + head + "\n".join(lines) + "\n"


def _study(proposal: Proposal, name: str) -> str:
    metrics, primary = _METRICS.get(proposal.task, ("[dice, iou]", "dice"))
    split = proposal.tested and "sheet" in proposal.layout
    protocol = "held-out" if split else "cross-validation"
    lines = [
        f"title: {text_of(name)}",
        "question: Does it work?   # <-",
        f"dataset: {name}",
        f"protocol: {protocol}",
        f"preprocessing: [{name}]",
        "augmentation: [none]",
        f"models: [{name}]",
        f"metrics: {metrics}",
        f"primary: {primary}",
    ]
    return _schema("study") + "\n".join(lines) + "\n"


def _main(name: str) -> str:
    return _schema("main", 0) + (
        f"folder: runs/{name}       # results, tables and report appear here\n"
        f"datasets: {{{name}: {{}}}}\n"
        f"studies: {{{name}: {{}}}}\n"
    )


def sheet_text(proposal: Proposal) -> str:
    """The sheet as CSV."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ["sample"]
    columns += ["group"] if proposal.groups else []
    columns += ["split"] if proposal.tested else []
    writer.writerow(columns)
    for sample, (group, split) in proposal.sheet.items():
        cells = {"sample": sample, "group": group, "split": split}
        writer.writerow([cells[column] for column in columns])
    return text.getvalue()
