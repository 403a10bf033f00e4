"""Explore: what a dataset looks like before training.

REQUIRED INPUTS: data/raw/DATASET/ with its inventory, samples.tsv, the labels at original size
OUTPUTS:
    results/DATASET/explore/summary.json      sizes, intensities, classes, objects, groups
    results/DATASET/explore/appearance.tsv    sample, cluster: images that look alike
    results/DATASET/explore/*.svg, *.png      the same as pictures, and a sheet of samples
"""

from segbench.workflow.paths import APPEARANCE


rule explore_dataset:
    """Describe one dataset in numbers, as groups by appearance, and in pictures."""
    input:
        manifests=shard_lister(CONFIG, rules.inventory.output.manifest),
        samples=rules.samples.output.samples,
        truth=shard_lister(CONFIG, rules.truth.output.archive),
    output:
        summary=f"{DATA}/explore/summary.json",
        clusters=APPEARANCE,
        sizes=f"{DATA}/explore/sizes.svg",
        intensities=f"{DATA}/explore/intensities.svg",
        classes=f"{DATA}/explore/classes.svg",
        objects=f"{DATA}/explore/objects.svg",
        appearance=f"{DATA}/explore/appearance.png",
        sheet=f"{DATA}/explore/sheet.png",
        cost=f"{DATA}/explore/explore.cost.json",
    log:
        "logs/explore_dataset/{dataset}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=JOBS.memory("explore_dataset"),
        runtime=JOBS.minutes("explore_dataset"),
        expected_s=JOBS.seconds("explore_dataset"),
    params:
        code=CODE.with_reader("explore_dataset"),
        dataset=lambda w: dataset_slice(CONFIG.datasets[w.dataset]),
    script:
        "../scripts/explore_dataset.py"


rule explore:
    """The exploration of every dataset of the configuration."""
    input:
        expand(rules.explore_dataset.output, dataset=CONFIG.datasets),
