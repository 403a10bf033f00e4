"""Runs measured and described from their archives."""

from __future__ import annotations

import numpy as np
import pytest
from rdflib import RDF, Graph, URIRef

from segbench.archives import ArchiveWriter
from segbench.artefacts.folds import Assignment, write_folds
from segbench.config.dataset import Dataset
from segbench.datasets import reader_of
from segbench.datasets.miniature.kidney_nuclei import generate
from segbench.errors import SegbenchError
from segbench.objects import describe_run, measure_run, raw_digest, read_objects, task_of
from segbench.objects.stage import run_name
from segbench.objects.syntax import BASE, PREFIXES

LABELS = {
    "dataset": "kidney_nuclei", "preprocessing": "em-128", "augmentation": "none",
    "model": "unet", "seed": "0", "protocol": "published", "fold": "ensemble",
}  # fmt: skip
ABOUT = {"title": "Kidney", "licence": "none stated", "citation": "Kume 2019"}


@pytest.fixture(scope="module")
def kidney(tmp_path_factory):
    """A generated dataset, and its truth as if a network had found it."""
    folder = tmp_path_factory.mktemp("kidney")
    generate(folder / "raw", 3, 2, 0)
    dataset = Dataset(
        title="-", format="kidney_nuclei", task="semantic", licence="-", citation="-",
        classes=[{"name": "nucleus", "value": 1}], protocols={},
    )  # fmt: skip
    reader = reader_of(dataset)
    raws = [raw for raw in reader.scan(folder / "raw") if raw.split == "test"]
    write_labels(folder / "s.zarr.zip", {
        raw.sample: reader.read_label(folder / "raw", raw) for raw in raws
    })  # fmt: skip
    return folder, dataset, reader, raws


def write_labels(path, labels, task="semantic", spacing=None):
    attributes = {"axes": "yx", "task": task, "classes": ["nucleus"], "class_values": [1]}
    with ArchiveWriter(path, attributes) as writer:
        for sample, label in sorted(labels.items()):
            record = {"source": sample, "spacing_mm": spacing}
            writer.add(sample, {"label": label}, record)
    groups = [Assignment(0, sample, sample[:3], "", "test") for sample in labels]
    write_folds(groups, path.parent / "folds.tsv")


def test_a_run_is_measured_in_the_raw_images(kidney, tmp_path):
    folder, dataset, reader, raws = kidney
    count = measure_run(
        [folder / "s.zarr.zip"], dataset, "kidney_nuclei", folder / "raw", tmp_path / "o.parquet"
    )
    assert count == 2
    found = read_objects(tmp_path / "o.parquet")
    assert set(found["dataset"]) == {"kidney_nuclei"}
    for raw in raws:
        here = found[found["sample"] == raw.sample]
        inside = reader.read_label(folder / "raw", raw) > 0
        grey = reader.read_image(folder / "raw", raw)[..., 0][inside].astype(float)
        assert here["area_px"].sum() == inside.sum()
        assert here["intensity_integrated"].sum() == grey.sum()
        assert here["intensity_max"].max() == grey.max()


def describe(folder, tmp_path, models, source="predicted", labels=LABELS):
    outputs = {name: tmp_path / f"o.{name}" for name in ("turtle", "jsonld", "report")}
    rois = describe_run(
        tmp_path / "o.parquet", [folder / "s.zarr.zip"], models, folder / "folds.tsv", ABOUT,
        labels, outputs, source,
    )  # fmt: skip
    return rois, outputs


def test_a_run_is_described_and_checked(kidney, tmp_path):
    folder, dataset, _, raws = kidney
    models = [tmp_path / f"fold-{fold}/model.keras" for fold in (0, 1)]
    for number, path in enumerate(models):
        path.parent.mkdir()
        path.write_bytes(bytes([number]))
    measure_run(
        [folder / "s.zarr.zip"], dataset, "kidney_nuclei", folder / "raw", tmp_path / "o.parquet"
    )
    rois, outputs = describe(folder, tmp_path, models)
    assert rois == len(read_objects(tmp_path / "o.parquet")) > 0
    graph = Graph().parse(outputs["turtle"], format="turtle")
    run = URIRef(f"{BASE}run/{run_name(LABELS)}")
    assert len(list(graph.objects(run, URIRef(PREFIXES["prov"] + "used")))) == 3
    assert 'rdfs:label "fold-1/model.keras"' in outputs["turtle"].read_text()
    images = set(graph.subjects(RDF.type, URIRef(PREFIXES["seg"] + "Image")))
    assert images == {URIRef(f"{BASE}image/kidney_nuclei/{raw.sample}") for raw in raws}
    groups = {str(group) for group in graph.objects(None, URIRef(PREFIXES["seg"] + "group"))}
    assert groups == {raw.sample[:3] for raw in raws}
    assert f"regions of interest: {rois}" in outputs["report"].read_text()


def test_manual_objects_take_the_same_way(kidney, tmp_path):
    folder, dataset, _, _ = kidney
    measure_run(
        [folder / "s.zarr.zip"], dataset, "kidney_nuclei", folder / "raw",
        tmp_path / "o.parquet", "manual",
    )  # fmt: skip
    rois, outputs = describe(folder, tmp_path, [], "manual", {"dataset": "kidney_nuclei"})
    text = outputs["turtle"].read_text()
    assert text.count("foaf:depicts <") == rois
    assert "<run/kidney_nuclei/manual> a prov:Activity , seg:Annotation" in text


def test_what_was_not_annotated_is_no_manual_object(kidney, tmp_path):
    folder, dataset, reader, raws = kidney
    label = np.zeros_like(reader.read_label(folder / "raw", raws[0]), np.uint16)
    label[:4], label[5:9] = 65535, 1
    write_labels(tmp_path / "s.zarr.zip", {raws[0].sample: label}, "instances")
    measure_run([tmp_path / "s.zarr.zip"], dataset, "kidney_nuclei", folder / "raw",
                tmp_path / "o.parquet", "manual")  # fmt: skip
    assert read_objects(tmp_path / "o.parquet")["number"].tolist() == [1]


def test_a_prediction_without_its_network_does_not_conform(kidney, tmp_path):
    folder, dataset, _, _ = kidney
    measure_run(
        [folder / "s.zarr.zip"], dataset, "kidney_nuclei", folder / "raw", tmp_path / "o.parquet"
    )
    with pytest.raises(SegbenchError, match="names the networks that it used"):
        describe(folder, tmp_path, [])


def test_spacing_comes_from_the_record(kidney, tmp_path):
    folder, dataset, _, raws = kidney
    label = np.zeros((256, 256), np.uint16)
    label[5:10, 5:10] = 4
    shape = reader_of(dataset).read_label(folder / "raw", raws[0]).shape
    label = np.pad(label, [(0, max(0, n - 256)) for n in shape])[: shape[0], : shape[1]]
    write_labels(tmp_path / "s.zarr.zip", {raws[0].sample: label}, spacing=[0.002, 0.003])
    measure_run([tmp_path / "s.zarr.zip"], dataset, "k", folder / "raw", tmp_path / "o.parquet")
    (row,) = read_objects(tmp_path / "o.parquet").to_dict("records")
    assert row["number"] == 4, "numbered objects keep their numbers, whatever the task"
    assert row["area_um2"] == pytest.approx(25 * 6)


@pytest.mark.parametrize(
    ("dtype", "task", "expected"),
    [
        (np.uint16, "semantic", "instances"),
        (np.uint16, "instances", "instances"),
        (np.uint8, "instances", "semantic"),
        (np.uint8, "overlapping", "overlapping"),
    ],
)
def test_what_a_predicted_label_holds(dtype, task, expected):
    assert task_of(np.zeros((2, 2), dtype), task) == expected


def test_classified_images_have_no_objects(kidney, tmp_path):
    folder, dataset, _, raws = kidney
    write_labels(tmp_path / "s.zarr.zip", {raws[0].sample: np.ones(1, np.uint8)}, "classification")
    with pytest.raises(SegbenchError, match="classified images"):
        measure_run([tmp_path / "s.zarr.zip"], dataset, "k", folder / "raw", tmp_path / "o.parquet")


def test_an_image_that_is_gone(kidney, tmp_path):
    folder, dataset, _, _ = kidney
    write_labels(tmp_path / "s.zarr.zip", {"elsewhere": np.ones((4, 4), np.uint8)})
    with pytest.raises(SegbenchError, match="sample 'elsewhere' is not in"):
        measure_run([tmp_path / "s.zarr.zip"], dataset, "k", folder / "raw", tmp_path / "o.parquet")


def test_only_the_raw_files_of_the_samples_count(tmp_path):
    write_labels(tmp_path / "s.zarr.zip", {"a": np.ones((4, 4), np.uint8)})
    head = "sample\tpath\tbytes\tsha256\n"
    one, two = tmp_path / "0.tsv", tmp_path / "1.tsv"
    one.write_text(f"{head}a\ta.png\t1\tff\n")
    two.write_text(f"{head}b\tb.png\t1\tff\n")
    before = raw_digest(tmp_path / "s.zarr.zip", [one, two])
    two.write_text(f"{head}b\tb.png\t1\tee\n")
    assert raw_digest(tmp_path / "s.zarr.zip", [one, two]) == before
    assert raw_digest(tmp_path / "s.zarr.zip", [two, one]) == before, "shards may be cut anew"
    one.write_text(f"{head}a\ta.png\t1\tee\n")
    assert raw_digest(tmp_path / "s.zarr.zip", [one, two]) != before


def test_names_of_runs():
    expected = "kidney_nuclei/prep-em-128/aug-none/unet/seed-0/published/fold-ensemble"
    assert run_name(LABELS) == expected
