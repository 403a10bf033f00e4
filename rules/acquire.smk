"""Acquire: the publisher's raw tree, its inventory, and the index of its samples.

REQUIRED INPUTS: config/datasets/NAME.yaml, which says where the data come from
OUTPUTS:
    data/raw/DATASET/                      the publisher's tree (a link to a folder given)
    data/acquired/DATASET.json             what was acquired and how it was verified
    inventory/DATASET/shard-K.tsv          every raw file with its size and SHA-256
    results/DATASET/samples.tsv            one row per sample, every file of it opened
"""

from segbench.slices import inventory_slice, source_slice
from segbench.workflow.parameters import uses_of
from segbench.workflow.paths import MANIFEST, SAMPLES


rule acquire:
    """Generate, download or link one dataset."""
    output:
        record="data/acquired/{dataset}.json",
    log:
        "logs/acquire/{dataset}.log",
    localrule: True
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=720,
    params:
        code=CODE.acquire,
        dataset=lambda w: source_slice(CONFIG.datasets[w.dataset], BASE),
    script:
        "../scripts/acquire.py"


rule inventory:
    """List the raw files of a shard's samples with their digests."""
    input:
        record=rules.acquire.output.record,
    output:
        manifest=MANIFEST,
    log:
        "logs/inventory/{dataset}-{shard}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        code=CODE.with_reader("inventory"),
        shards=lambda w: CONFIG.datasets[w.dataset].shards,
        dataset=lambda w: inventory_slice(CONFIG.datasets[w.dataset]),
    script:
        "../scripts/inventory.py"


# Listed before anything is prepared: what is wrong with the samples is told first.
rule index:
    """Open and check every file of a shard; one row per sample."""
    input:
        manifest=rules.inventory.output.manifest,
    output:
        samples=f"{DATA}/samples/shard-{{shard}}.tsv",
    log:
        "logs/index/{dataset}-{shard}.log",
    priority: 2
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=CODE.with_reader("index"),
        dataset=lambda w: dataset_slice(CONFIG.datasets[w.dataset]),
    script:
        "../scripts/index.py"


rule samples:
    """Join the shards' rows; identical pictures become one group."""
    input:
        shards=shard_lister(CONFIG, rules.index.output.samples),
    output:
        samples=SAMPLES,
    log:
        "logs/samples/{dataset}.log",
    priority: 2
    localrule: True
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=CODE.of("samples"),
        uses=lambda w: uses_of(CONFIG, w.dataset),
    script:
        "../scripts/samples.py"
