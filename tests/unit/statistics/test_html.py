"""The fragment that the report takes in as it is."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.statistics.grid import Column, Grid, Row, Table
from segbench.statistics.html import read_fragment, render

BADGE = '<span class="badge generated">generated data</span> '
GRID = Grid(
    'Input "size" & more',
    (Column("Arm", figures=False), Column("IoU", "iou/per-image"), Column("Tied", figures=False)),
    1,
    (
        Row(("U-Net [1]", "0.9 ± 0.1", ""), "published"),
        Row(("a<b", "0.8", "best"), "ours", best=True, tied=True),
        Row(("c", "0.7", "tied"), "ours", tied=True),
    ),
)
TABLE = Table("toy", "Title", "Which?", "It's a<b.", (GRID,), ("A note & more.",), False)


class Seen(HTMLParser):
    """Text and start tags; every tag that opens is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_fragment_word_by_word():
    assert render(TABLE) == (
        '<div class="study">\n'
        '<p class="answer">It\'s a&lt;b.</p>\n'
        '<div class="scroll" tabindex="0" role="region" '
        'aria-label="Input &quot;size&quot; &amp; more">\n'
        "<table>\n"
        '<caption><span class="stay">Input "size" &amp; more</span></caption>\n'
        "<thead>\n<tr>\n"
        '<th scope="col">Arm</th>\n'
        '<th scope="col" class="figure">IoU<br><code>iou/per-image</code></th>\n'
        '<th scope="col">Tied</th>\n'
        "</tr>\n</thead>\n<tbody>\n"
        '<tr class="published">\n<th scope="row">U-Net [1]</th>\n'
        '<td class="figure">0.9 ± 0.1</td>\n<td></td>\n</tr>\n'
        '<tr class="ours best">\n<th scope="row">a&lt;b</th>\n'
        '<td class="figure">0.8</td>\n<td>best</td>\n</tr>\n'
        '<tr class="ours tied">\n<th scope="row">c</th>\n'
        '<td class="figure">0.7</td>\n<td>tied</td>\n</tr>\n'
        "</tbody>\n</table>\n</div>\n"
        '<ul class="notes">\n<li>A note &amp; more.</li>\n</ul>\n'
        "</div>\n"
    )


def test_generated_data_are_named_before_the_answer():
    text = render(replace(TABLE, generated=True))
    assert f'<p class="answer">{BADGE}It' in text
    assert BADGE not in render(TABLE)


def test_it_brings_no_styles_scripts_or_links():
    seen = Seen(render(TABLE))
    assert {tag for tag, _ in seen.tags} == {
        "div", "p", "table", "caption", "span", "thead", "tbody", "tr", "th", "td", "br", "code",
        "ul", "li",
    }  # fmt: skip
    assert {name for _, attributes in seen.tags for name in attributes} == {
        "class", "tabindex", "role", "aria-label", "scope",
    }  # fmt: skip


def test_the_page_asks_the_question_and_gives_the_title():
    assert "Which?" not in render(TABLE)
    assert "Title" not in render(TABLE)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=40))
def test_text_never_becomes_markup(text: str):
    grid = replace(GRID, caption=text, rows=(Row((text, text, text), "ours"),))
    table = replace(TABLE, answer=text, grids=(grid,), notes=(text,))
    seen = Seen(render(table))
    one_row = replace(TABLE, grids=(replace(GRID, rows=GRID.rows[:1]),))
    assert [tag for tag, _ in seen.tags] == [tag for tag, _ in Seen(render(one_row)).tags]
    assert dict(seen.tags)["div"]["aria-label"] == text
    assert "".join(seen.text).count(text) >= 5


def test_a_fragment_reads_back(tmp_path: Path):
    path = tmp_path / "toy.html"
    path.write_text(render(TABLE), encoding="utf-8")
    assert read_fragment(path) == render(TABLE)


@pytest.mark.parametrize("text", ["", "<p>other</p>\n", render(TABLE)[:-8]])
def test_other_files_are_refused(tmp_path: Path, text: str):
    path = tmp_path / "toy.html"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SegbenchError, match=r"toy\.html: not the table of a study \(cut short\)"):
        read_fragment(path)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SegbenchError, match=r"none\.html: not the table of a study"):
        read_fragment(tmp_path / "none.html")
