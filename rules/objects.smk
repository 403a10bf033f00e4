"""Objects: every object of a segmentation becomes a region of interest with metadata.

REQUIRED INPUTS: RUN/segmentation.zarr.zip, data/raw/DATASET/ and its inventory, RUN/model.keras
OUTPUTS:
    RUN/objects.parquet                   one row an object: shape, position, intensities
    RUN/objects.ttl RUN/objects.jsonld    the same as RDF, with images, entities, provenance
    RUN/objects.shacl.txt                 what was checked against the shapes
"""


rule measure:
    """Measure the objects of a run at the original size, and the raw image inside them."""
    input:
        segmentation=rules.segment.output.segmentation,
        manifests=shards(rules.inventory.output.manifest),
    output:
        objects=f"{RUN}/objects.parquet",
        cost=f"{RUN}/measure.cost.json",
    log:
        f"{LOG}/measure.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=memory("measure"),
        runtime=minutes("measure"),
    params:
        code=reader_code("measure"),
        dataset=lambda w: dataset_slice(CONFIG.datasets[w.dataset]),
    script:
        "../scripts/measure.py"


rule describe:
    """Describe a run's objects in RDF, by OME's shapes and public terms; check it."""
    input:
        objects=rules.measure.output.objects,
        segmentation=rules.segment.output.segmentation,
        models=fold_models,
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
        mem_mb=memory("describe"),
        runtime=minutes("describe"),
    params:
        code=code("describe"),
        about=about_dataset,
        labels=lambda w: dict(w),
    script:
        "../scripts/describe.py"


rule objects:
    """The objects of every arm of every study of segmentation."""
    input:
        of_segmentations(rules.measure.output.objects),
        of_segmentations(rules.describe.output.turtle),
