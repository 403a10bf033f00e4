"""Objects: every object of a segmentation becomes a region of interest with metadata.

REQUIRED INPUTS: RUN/segmentation.zarr.zip, data/raw/DATASET/ and its inventory, RUN/model.keras
OUTPUTS:
    RUN/objects.parquet                   one row an object: shape, position, intensities
    RUN/objects.ttl RUN/objects.jsonld    the same as RDF, with images, entities, provenance
    RUN/objects.shacl.txt                 what was checked against the shapes
"""

from segbench.workflow.parameters import about_dataset
from segbench.workflow.paths import OBJECTS


rule measure:
    """Measure the objects of a run at the original size, and the raw image inside them."""
    input:
        segmentation=rules.segment.output.segmentation,
        manifests=shard_lister(CONFIG, rules.inventory.output.manifest),
    output:
        objects=OBJECTS,
        cost=f"{RUN}/measure.cost.json",
    log:
        f"{LOG}/measure.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=JOBS.memory("measure"),
        runtime=JOBS.minutes("measure"),
        expected_s=JOBS.seconds("measure"),
    params:
        code=CODE.with_reader("measure"),
        dataset=lambda w: dataset_slice(CONFIG.datasets[w.dataset]),
    script:
        "../scripts/measure.py"


rule describe:
    """Describe a run's objects in RDF, with OME's shapes and public terms, and validate it."""
    input:
        objects=rules.measure.output.objects,
        segmentation=rules.segment.output.segmentation,
        models=ARMS.networks,
        folds=rules.split.output.folds,
    output:
        turtle=f"{RUN}/objects.ttl",
        jsonld=f"{RUN}/objects.jsonld",
        report=f"{RUN}/objects.shacl.txt",
        cost=f"{RUN}/describe.cost.json",
    log:
        f"{LOG}/describe.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=JOBS.memory("describe"),
        runtime=JOBS.minutes("describe"),
        expected_s=JOBS.seconds("describe"),
    params:
        code=CODE.of("describe"),
        about=lambda w: about_dataset(CONFIG, w.dataset),
        labels=lambda w: dict(w),
    script:
        "../scripts/describe.py"


rule objects:
    """The objects of every arm of every segmentation study."""
    input:
        ARMS.segmented(rules.measure.output.objects),
        ARMS.segmented(rules.describe.output.turtle),
