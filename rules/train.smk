"""Train and predict: the two stages that use a GPU, and the only ones that load Keras.

REQUIRED INPUTS: the shards that are trained on, the folds, the leak check's verdict;
    the local file of pretrained weights, where the model recipe names one
OUTPUTS:
    RUN/model.keras, RUN/history.csv      the network of the chosen epoch; metrics of every epoch
    RUN/probability.zarr.zip              probabilities of the test samples
    RUN/*.cost.json                       time, memory and GPU use
where RUN is results/DATASET/prep-RECIPE/aug-RECIPE/MODEL/seed-N/PROTOCOL/fold-N
"""

from segbench.models.files import local_weights
from segbench.workflow.parameters import gpu_parameters
from segbench.workflow.paths import MODEL

GPU_PARAMETERS = gpu_parameters(CONFIG)


rule train:
    """Fit one network on one fold; resumes where a killed job stopped."""
    input:
        archives=training_shard_lister(CONFIG),
        folds=rules.split.output.folds,
        verdict=rules.check_leaks.output.verdict,
        weights=lambda w: local_weights(CONFIG.models[w.model].network, BASE),
    output:
        model=MODEL,
        history=f"{RUN}/history.csv",
        cost=f"{RUN}/train.cost.json",
    log:
        f"{LOG}/train.log",
    conda:
        "../envs/gpu.yaml"
    threads: 1
    resources:
        gpu=lambda w, input: GPUS.of_job("train", w, input),
        mem_mb=JOBS.memory("train"),
        gpu_mem_mb=JOBS.gpu_memory("train"),
        runtime=JOBS.minutes("train"),
        expected_s=JOBS.seconds("train"),
    params:
        **GPU_PARAMETERS["train"],
        code=CODE.with_network("train"),
    script:
        "../scripts/train.py"


rule predict:
    """Apply a fold's network, or all folds' together, to the test samples."""
    input:
        archives=shard_lister(CONFIG, rules.preprocess.output.archive),
        folds=rules.split.output.folds,
        models=ARMS.networks,
    output:
        probability=f"{RUN}/probability.zarr.zip",
        cost=f"{RUN}/predict.cost.json",
    log:
        f"{LOG}/predict.log",
    conda:
        "../envs/gpu.yaml"
    threads: 1
    resources:
        gpu=lambda w, input: GPUS.of_job("predict", w, input),
        mem_mb=JOBS.memory("predict"),
        gpu_mem_mb=JOBS.gpu_memory("predict"),
        runtime=JOBS.minutes("predict"),
        expected_s=JOBS.seconds("predict"),
    params:
        **GPU_PARAMETERS["predict"],
        code=CODE.with_network("predict"),
    script:
        "../scripts/predict.py"
