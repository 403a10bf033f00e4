"""Apply: a folder of new images, segmented with a trained model of a study.

    snakemake apply --config images=FOLDER model=STUDY/best

REQUIRED INPUTS: the folder of images; the networks of the model, and for `best` the table
of its study. What is not there yet is computed first.
OUTPUTS:
    applied/NAME/masks/IMAGE.*            label values, or numbered objects in 16 bits
    applied/NAME/overlays/IMAGE.png       what was found, over the image
    applied/NAME/objects.*                every object and its measurements; metadata (RDF)
    applied/NAME/applied.json             networks, recipes and images that were used
    applied/NAME/summary.txt              written when no image failed
"""


rule apply_model:
    """Segment the images; an unreadable image does not stop the others."""
    input:
        images=lambda w: APPLIED.images(),
        models=lambda w: APPLIED.models(),
        table=lambda w: APPLIED.table(),
    output:
        applied=update(f"{APPLIED.folder}/applied.json"),
        objects=update(f"{APPLIED.folder}/objects.parquet"),
        turtle=update(f"{APPLIED.folder}/objects.ttl"),
        jsonld=update(f"{APPLIED.folder}/objects.jsonld"),
        cost=f"{APPLIED.folder}/apply_model.cost.json",
    log:
        f"logs/apply_model/{APPLIED.name}.log",
    conda:
        "../envs/gpu.yaml"
    threads: 4
    resources:
        mem_mb=lambda w, attempt: 4000 * attempt,
        runtime=lambda w, attempt: 240 * attempt,
    params:
        code=lambda w: CODE.applying("apply_model", APPLIED.recipes()),
        settings=lambda w: APPLIED.settings(),
    script:
        "../scripts/apply_model.py"


rule apply:
    """Summarise; fail and name the images that could not be segmented."""
    input:
        applied=rules.apply_model.output.applied,
    output:
        summary=f"{APPLIED.folder}/summary.txt",
    log:
        f"logs/apply/{APPLIED.name}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=CODE.of("apply"),
    script:
        "../scripts/apply.py"
