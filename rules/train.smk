"""Train and predict: the two stages that use a GPU, and the only ones that load Keras.

REQUIRED INPUTS: the shards that are trained on, the folds, the leak check's verdict;
    the local file of pretrained weights, where the model recipe names one
OUTPUTS:
    RUN/model.keras, RUN/history.csv      the network of the chosen epoch, every epoch's figures
    RUN/probability.zarr.zip              what it says of the test samples
    RUN/*.cost.json                       what it cost
where RUN is results/DATASET/prep-RECIPE/aug-RECIPE/MODEL/seed-N/PROTOCOL/fold-N
"""

from segbench.models.files import local_weights


rule train:
    """Fit one network on one fold; resumes where a killed job stopped."""
    input:
        archives=training_shards,
        folds=rules.split.output.folds,
        verdict=rules.check_leaks.output.verdict,
        weights=lambda w: local_weights(CONFIG.models[w.model].network, BASE),
    output:
        model=f"{RUN}/model.keras",
        history=f"{RUN}/history.csv",
        cost=f"{RUN}/train.cost.json",
    log:
        f"{LOG}/train.log",
    conda:
        "../envs/gpu.yaml"
    threads: 1
    resources:
        gpu=training_gpus,
        mem_mb=memory("train"),
        gpu_mem_mb=gpu_memory("train"),
        runtime=minutes("train"),
    params:
        code=code("train"),
        recipe=train_recipe,
        jitter=train_jitter,
    script:
        "../scripts/train.py"


rule predict:
    """Apply a fold's network, or all folds' together, to the test samples."""
    input:
        archives=shards(rules.preprocess.output.archive),
        folds=rules.split.output.folds,
        models=fold_models,
    output:
        probability=f"{RUN}/probability.zarr.zip",
        cost=f"{RUN}/predict.cost.json",
    log:
        f"{LOG}/predict.log",
    conda:
        "../envs/gpu.yaml"
    threads: 1
    resources:
        gpu=prediction_gpus,
        mem_mb=memory("predict"),
        gpu_mem_mb=gpu_memory("predict"),
        runtime=minutes("predict"),
    params:
        code=code("predict"),
        recipe=predict_recipe,
        folds=predict_folds,
    script:
        "../scripts/predict.py"
