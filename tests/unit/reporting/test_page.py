from __future__ import annotations

import dataclasses
import itertools
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from segbench.artefacts.samples import Sample, write_samples
from segbench.errors import SegbenchError
from segbench.reporting.costs import read_jobs
from segbench.reporting.inputs import ReportInput, StudyInput
from segbench.reporting.page import write_report
from unit.reporting.builders import NASTY, build_report, build_study, write_costs

VOID = {"meta", "img", "br", "col", "hr", "link", "input", "wbr"}


class Page(HTMLParser):
    """A page as a list of (tag, attributes, ancestors, text)."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = path.read_text(encoding="utf-8")
        self.stack: list[dict] = []
        self.nodes: list[dict] = []
        self.problems: list[str] = []
        self.feed(self.text)
        self.close()
        self.problems += [f"<{node['tag']}> is open" for node in self.stack]

    def handle_starttag(self, tag, attrs):
        node = {"tag": tag, "text": "", "up": [n["tag"] for n in self.stack], **dict(attrs)}
        if len(attrs) != len(dict(attrs)):
            self.problems.append(f"<{tag}> repeats an attribute")
        self.nodes.append(node)
        if tag not in VOID:
            self.stack.append(node)

    def handle_endtag(self, tag):
        if self.stack[-1]["tag"] != tag:
            self.problems.append(f"</{tag}> in <{self.stack[-1]['tag']}> at {self.getpos()}")
        self.stack.pop()

    def handle_data(self, data):
        for node in self.stack:
            node["text"] += data

    def all(self, *tags: str) -> list[dict]:
        return [node for node in self.nodes if node["tag"] in tags]


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> ReportInput:
    return build_report(tmp_path_factory.mktemp("inputs"), nasty=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> StudyInput:
    return build_study(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def folder(report: ReportInput, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "report"
    write_report(report, folder / "index.html")
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page(folder / "index.html")


def test_tags_are_balanced(page: Page):
    assert page.problems == []


def test_nothing_is_loaded_from_elsewhere(page: Page):
    assert page.all("link", "iframe", "object", "embed", "audio", "video", "source") == []
    for node in page.nodes:
        assert not {"srcset", "background", "action"} & set(node)
        for source in (node[key] for key in ("src", "poster") if key in node):
            assert source.startswith("assets/")
    styles = "".join(node["text"] for node in page.all("style"))
    assert "url(" not in styles
    assert "@import" not in styles


def test_only_citations_lead_outside_and_all_other_links_lead_somewhere(page: Page, folder: Path):
    ids = {node["id"] for node in page.nodes if "id" in node}
    for node in page.all("a"):
        href = node["href"]
        if href.startswith("#"):
            assert href[1:] in ids
        elif href.startswith("https://"):
            assert node["text"]
        else:
            assert href.startswith("assets/")
            assert (folder / href).is_file()


def test_every_picture_is_there_and_described(page: Page, folder: Path):
    images = page.all("img")
    # Curves and overlays of two studies; sweep, curves and two arms of four pictures of the
    # third; six of the exploration.
    assert len(images) == 2 * 3 + 2 + 2 * 4 + 6
    for image in images:
        assert (folder / image["src"]).stat().st_size > 1000
        assert image["alt"].strip()
        assert int(image["width"]) > 100
        assert int(image["height"]) > 100
        if image["src"].endswith(".png"):
            with Image.open(folder / image["src"]) as picture:
                assert picture.size == (int(image["width"]), int(image["height"]))


def test_no_file_is_orphaned(page: Page, folder: Path):
    linked = {node[key] for node in page.nodes for key in ("href", "src") if key in node}
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert files == {link for link in linked if link.startswith("assets/")} | {"index.html"}


def test_tables_have_captions_and_scopes(page: Page):
    tables, captions = page.all("table"), page.all("caption")
    # Of a study: answer, losses, folds, metrics; of a dataset one, and two explored.
    assert len(tables) == len(captions) == 3 * 4 + 1 + 3 + 2 + 3 + 3
    assert all(caption["text"].strip() for caption in captions)
    assert all(caption["up"][-1] == "table" for caption in captions)
    assert all("scope" in heading for heading in page.all("th"))
    # Each scrolls in a frame of its own that the keyboard can reach.
    assert all(table["up"][-1] == "div" for table in tables)


def test_ids_are_unique_and_references_resolve(page: Page):
    ids = [node["id"] for node in page.nodes if "id" in node]
    assert len(ids) == len(set(ids))
    for node in page.nodes:
        if "aria-labelledby" in node:
            assert node["aria-labelledby"] in ids


def test_headings_are_in_order(page: Page):
    levels = [int(node["tag"][1]) for node in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_language_viewport_and_schemes(page: Page):
    assert page.all("html")[0]["lang"] == "en"
    metas = {node.get("name"): node.get("content") for node in page.all("meta")}
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    style = page.all("style")[0]["text"]
    for part in ("prefers-color-scheme: dark", "@media print", "max-width: 30rem"):
        assert part in style


def section(page: Page, anchor: str) -> str:
    (node,) = [n for n in page.all("section") if n.get("id") == anchor]
    return " ".join(node["text"].split())


def test_generated_data_are_labelled_everywhere(page: Page):
    assert page.all("title")[0]["text"].startswith("[generated data]")
    generated = section(page, "study-kidney-input-size")
    assert "The images of this study are a miniature" in generated
    start = page.text.index('<section id="study-kidney-input-size"')
    end = page.text.index("</section>", start)
    part = page.text[start:end]
    for begin in ("<caption>", "<figcaption>\n<span", '<p class="answer">'):
        for piece in part.split(begin)[1:]:
            assert "generated data" in piece[:120]
    assert "generated data" not in section(page, "study-dsb2018-nuclei")
    assert "Publisher\u2019s data:" in section(page, "study-dsb2018-nuclei")


def test_real_data_alone_are_not_called_generated(report: ReportInput, tmp_path: Path):
    study = report.studies[1]
    write_report(ReportInput("segbench", "full.yaml", (study,)), tmp_path / "index.html")
    page = Page(tmp_path / "index.html")
    assert "generated data" not in page.text.lower()
    assert page.all("title")[0]["text"] == "segbench"


def test_nasty_names_stay_text(page: Page):
    assert len(page.all("script")) == 1
    assert "alert('x')" not in page.all("script")[0]["text"]
    assert NASTY in section(page, "study-kidney-input-size")
    assert not any(name.startswith("on") for node in page.nodes for name in node)


def test_contents_of_a_study(page: Page):
    text = section(page, "study-kidney-input-size")
    for words in (
        "Which input size is best",
        "The table's own answer of generated data.",
        "12 samples; source, licence",
        "7 fixed test images; 5 of the others choose the epoch.",
        "Leak check: clean",
        "resize: {height: 64, width: 64}",
        "TP / (TP + FP + FN)",
        "best: sample a, group g-a, IoU 0.910",
        "validation Dice",
        "Lowest training loss and lowest validation loss",
    ):
        assert words in text
    assert [node["href"] for node in page.all("a")].count("#data-toy") == 2
    hrefs = [node["href"] for node in page.all("a")]
    for suffix in ("csv", "md", "tex"):
        assert f"assets/kidney-input-size/kidney-input-size.{suffix}" in hrefs


def test_the_lowest_losses_stand_beside_the_curves(page: Page, report: ReportInput):
    rows = [n["text"].split() for n in page.all("tr") if n["text"].startswith("p64, fold 0")]
    assert len(rows) == 3
    lines = report.studies[0].parts.losses.read_text().splitlines()
    cells = dict(zip(lines[0].split("\t"), lines[1].split("\t"), strict=True))
    assert rows[0][3:] == [
        f"{float(cells['lowest_loss']):.4g}", cells["epoch_lowest_loss"],
        f"{float(cells['lowest_val_loss']):.4g}", cells["epoch_lowest_val_loss"],
        cells["chosen_epoch"], f"{float(cells['score']):.4g}", cells["epochs"],
    ]  # fmt: skip


def test_datasets_have_one_section_each(page: Page):
    text = section(page, "data")
    for words in ("12 in 6 groups", "2 samples in 1 set", "2 test", "CC BY 4.0"):
        assert words.replace("2 test", "3 test") in text
    anchors = [node["id"] for node in page.all("h3") if node.get("id", "").startswith("data-")]
    assert anchors == ["data-toy", "data-bowl", "data-organ-tissue"]


def test_the_exploration_is_folded_away_and_tells_the_figures(page: Page):
    (folded,) = [n for n in page.all("details") if n.get("class") == "exploration"]
    assert "open" not in folded
    words = " ".join(folded["text"].split())
    for expected in (
        "8 of 8", "Balance of the classes of bowl", "median", "Images by appearance", "red",
        "Samples with their labels",
    ):  # fmt: skip
        assert expected in words
    titles = [n["text"] for n in page.all("h4") if "details" in n["up"]]
    assert titles == [
        "Sizes and groups", "Intensities", "Balance of the classes", "Objects",
        "Images by appearance", "Samples with their labels",
    ]  # fmt: skip


def test_a_classifier_has_classes_in_place_of_overlays(page: Page):
    text = section(page, "study-organ-resnets")
    for words in (
        "Classes and mistakes", "resnet-deep", "confusion matrix. Predicted rightly: colon 6 of 8",
        "most confident mistakes", "Hyper-parameters", "4 points. Best: training.rate 0.001",
    ):  # fmt: skip
        assert words in text
    assert "Best, median and worst samples" not in text


def test_a_dataset_that_was_not_explored_is_still_described(plain: StudyInput, tmp_path: Path):
    write_report(ReportInput("segbench", "c.yaml", (plain,)), tmp_path / "index.html")
    page = Page(tmp_path / "index.html")
    assert page.problems == []
    assert "12 in 6 groups" in section(page, "data")
    assert "Exploration" not in section(page, "data")


def test_studies_of_one_dataset_share_its_section(plain: StudyInput, tmp_path: Path):
    other = dataclasses.replace(plain, name="other")
    write_report(ReportInput("segbench", "c.yaml", (plain, other)), tmp_path / "index.html")
    page = Page(tmp_path / "index.html")
    assert len([n for n in page.all("h3") if n.get("id") == "data-toy"]) == 1


def test_many_sizes_are_cut_short(plain: StudyInput, tmp_path: Path):
    rows = [Sample(f"s{k}", f"s{k}", size=(100 + k, 512)) for k in range(24)]
    write_samples(rows, tmp_path / "samples.tsv")
    study = changed(plain, samples=tmp_path / "samples.tsv")
    write_report(ReportInput("t", "c", (study,)), tmp_path / "out" / "index.html")
    assert "12 others" in section(Page(tmp_path / "out" / "index.html"), "data")


def test_what_was_not_annotated_is_told_where_there_is_some(plain: StudyInput, tmp_path: Path):
    rows = [Sample(f"s{k}", f"s{k}", size=(10, 10), ignored=k / 4) for k in range(2)]
    rows.append(Sample("t", "t", size=(10, 10), annotated=("nucleus",)))
    for number, (some, words) in enumerate(((rows, True), (rows[:1], False))):
        folder = tmp_path / str(number)
        write_samples(some, tmp_path / "samples.tsv")
        study = changed(plain, samples=tmp_path / "samples.tsv")
        write_report(ReportInput("t", "c", (study,)), folder / "index.html")
        text = section(Page(folder / "index.html"), "data")
        assert ("8.33 % of the label pixels, in 1 sample" in " ".join(text.split())) == words
        assert ("1 sample, of which some classes were not annotated" in text) == words


def test_costs_with_and_without_a_gpu(page: Page):
    text = section(page, "cost")
    for words in ("NVIDIA A100-SXM4-40GB", "1 h 24 min", "9.0 GiB", "200.0 Wh", "87 %", "812.2"):
        assert words in text
    assert "toy · p64 · none · unet · seed 0 · holdout · fold 1" in text
    rows = [n for n in page.all("tr") if n["text"].lstrip().startswith("score")]
    assert rows
    assert "nan" not in text.lower().replace("nanotesla", "")


def test_what_was_asked_for_stands_beside_what_was_used(page: Page):
    text = section(page, "cost").split("Asked for and used")[-1].split("All 4 jobs")[0]
    for figure in ("4.0 GiB", "6.0 GiB", "0.7", "2 h", "1 h 24 min", "12.0 GiB", "9.0 GiB"):
        assert figure in text, figure
    assert "too little memory: set-resources train:mem_mb=8000 fits all jobs" in text


def test_times_are_in_the_cost_section_only(page: Page):
    assert page.text.count("2026-11-21") == 4
    assert section(page, "cost").count("2026-11-21") == 4


def test_manifest(page: Page):
    text = section(page, "manifest")
    for words in ("0123456789abcdef", "d" * 32, "2.4.6", "kidney: {}"):
        assert words in text


def test_same_input_same_bytes(report: ReportInput, folder: Path, tmp_path: Path):
    write_report(report, tmp_path / "report" / "index.html")
    first = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    again = tmp_path / "report"
    second = {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()}
    assert first == second


def test_order_of_cost_files_changes_nothing(report: ReportInput, folder: Path, tmp_path: Path):
    jobs = tuple(read_jobs(write_costs(tmp_path / "costs")[::-1]))
    turned = dataclasses.replace(report, jobs=jobs)
    write_report(turned, tmp_path / "index.html")
    assert (tmp_path / "index.html").read_bytes() == (folder / "index.html").read_bytes()


def test_no_path_of_the_inputs_is_shown(page: Page, report: ReportInput):
    assert str(report.studies[0].parts.samples.parent.parent) not in page.text


def test_nothing_to_report(tmp_path: Path):
    write_report(ReportInput("segbench", "config.yaml"), tmp_path / "index.html")
    page = Page(tmp_path / "index.html")
    assert page.problems == []
    assert "names no study" in page.text
    assert "No job left a cost" in page.text
    assert "not in a repository" in page.text
    assert (tmp_path / "assets").is_dir()


def test_a_new_report_replaces_the_old_one(report: ReportInput, tmp_path: Path):
    write_report(report, tmp_path / "index.html")
    fewer = dataclasses.replace(report, studies=report.studies[1:])
    write_report(fewer, tmp_path / "index.html")
    assert {p.name for p in (tmp_path / "assets").iterdir()} == {
        "dsb2018-nuclei", "organ-resnets", "data-bowl"
    }  # fmt: skip
    assert {p.name for p in tmp_path.iterdir()} == {"index.html", "assets"}


def test_a_failure_changes_nothing(report: ReportInput, folder: Path, tmp_path: Path):
    copy = tmp_path / "report"
    shutil.copytree(folder, copy)
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes((folder / "index.html").read_bytes()[:50])
    study = changed(report.studies[0], pictures={"curves": damaged})
    with pytest.raises(SegbenchError, match=r"damaged\.png: cannot be read"):
        write_report(dataclasses.replace(report, studies=(study,)), copy / "index.html")
    before = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    after = {p.relative_to(copy): p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    assert before == after


def changed(study: StudyInput, **parts: object) -> StudyInput:
    """A study with other files."""
    return dataclasses.replace(study, parts=study.parts.model_copy(update=parts))


@pytest.mark.parametrize("name", ["none.png", "none.svg"])
def test_missing_pictures_are_named(plain: StudyInput, tmp_path: Path, name: str):
    study = changed(plain, pictures={"curves": tmp_path / name})
    with pytest.raises(SegbenchError, match=name):
        write_report(ReportInput("t", "c", (study,)), tmp_path / "out" / "index.html")


@pytest.mark.parametrize("name", ["p64.png", "curves.svg"])
def test_truncated_pictures_are_refused(plain: StudyInput, tmp_path: Path, name: str):
    whole = (plain.parts.losses.parent / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    study = changed(plain, pictures={"curves": tmp_path / name})
    with pytest.raises(SegbenchError, match=f"{name}: cannot be read"):
        write_report(ReportInput("t", "c", (study,)), tmp_path / "out" / "index.html")


def test_missing_downloads_are_named(plain: StudyInput, tmp_path: Path):
    tables = {**plain.parts.tables, "csv": tmp_path / "toy_study.csv"}
    with pytest.raises(SegbenchError, match=r"toy_study\.csv: cannot be copied"):
        write_report(
            ReportInput("t", "c", (changed(plain, tables=tables),)), tmp_path / "out" / "index.html"
        )


def test_studies_of_one_short_name_are_refused(plain: StudyInput, tmp_path: Path):
    other = dataclasses.replace(plain, name="toy-study")
    with pytest.raises(SegbenchError, match="toy-study, toy_study have the same short name"):
        write_report(ReportInput("t", "c", (plain, other)), tmp_path / "out" / "index.html")


def test_tables_of_the_statistics_fit_into_the_page(plain: StudyInput, tmp_path: Path):
    from segbench.statistics import write_tables
    from unit.reporting.builders import score_rows, toy_study, write_scores

    scores = [
        write_scores(
            tmp_path / f"{arm}.parquet",
            score_rows({f"s{k}": 0.6 + 0.02 * k + plus for k in range(6)}, augmentation=arm),
        )
        for arm, plus in (("none", 0.0), ("jitter", 0.05))
    ]
    outputs = {kind: tmp_path / f"toy.{kind}" for kind in ("csv", "md", "tex", "html")}
    asked = toy_study(augmentation=("none", "jitter"), bootstrap=50)
    write_tables(scores, asked, "toy", True, outputs)
    study = changed(plain, tables=outputs)
    write_report(ReportInput("t", "c", (study,)), tmp_path / "out" / "index.html")
    page = Page(tmp_path / "out" / "index.html")
    assert page.problems == []
    assert len(page.all("table")) == len(page.all("caption"))
    answers = [node for node in page.all("p") if node.get("class") == "answer"]
    assert len(answers) == 1
    assert len([node for node in page.all("p") if node.get("class") == "question"]) == 1
