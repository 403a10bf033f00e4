from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.reporting.fragments import fitted
from unit.reporting.builders import FRAGMENT


def fit(folder: Path, text: str, generated: bool = False) -> str:
    path = folder / "fragment.html"
    path.write_text(text, encoding="utf-8")
    return str(fitted(path, "study-x", "Label & more", generated))


def test_known_tags_and_text_are_kept(tmp_path: Path):
    text = '<p class="note">a &lt; b &amp; c<br><strong>d</strong></p>'
    assert fit(tmp_path, text) == text


def test_tables_get_a_frame_and_a_caption(tmp_path: Path):
    html = fit(tmp_path, "<table><tr><td>1</td></tr></table>")
    assert html == (
        '<div class="scroll" tabindex="0" role="region" aria-label="Label &amp; more"><table>'
        '<caption><span class="stay">Label &amp; more</span></caption><tr><td>1</td></tr>'
        "</table></div>"
    )


def test_captions_are_kept_and_generated_data_named_once(tmp_path: Path):
    text = "<table><caption>Arms</caption><tr><td>1</td></tr></table>"
    assert '<span class="stay">Arms</span>' in fit(tmp_path, text)
    assert fit(tmp_path, text, generated=True).count("generated data") == 1
    said = text.replace("Arms", "Arms (generated data)")
    assert fit(tmp_path, said, generated=True).count("generated data") == 1
    two = text + "<table><tr><td>2</td></tr></table>"
    assert fit(tmp_path, two, generated=True).count("generated data") == 2


def test_ids_and_links_to_them_are_prefixed(tmp_path: Path):
    html = fit(tmp_path, FRAGMENT)
    assert 'id="study-x-t"' in html
    assert 'href="#study-x-t"' in html


def test_sections_become_plain_and_the_question_is_left_to_the_page(tmp_path: Path):
    html = fit(tmp_path, FRAGMENT, generated=True)
    assert html.startswith('<div class="study" id="study-x-study-toy">')
    assert "Asked twice?" not in html
    badge = '<span class="badge generated">generated data</span> '
    assert f'<p class="answer">{badge}The table\'s own answer.</p>' in html
    assert '<ul class="notes"><li>Note.</li></ul></div>' in html


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "//evil.org/x"]
)
def test_other_addresses_are_dropped(tmp_path: Path, href: str):
    assert fit(tmp_path, f'<a href="{href}">x</a>') == "<a>x</a>"


def test_citation_links_are_kept(tmp_path: Path):
    text = '<a href="https://doi.org/10.1/x">x</a>'
    assert fit(tmp_path, text) == text


def test_handlers_styles_and_comments_are_dropped(tmp_path: Path):
    text = '<p onclick="x()" style="background:url(//e.org)" title="a&quot;b"><!-- c -->t</p>'
    assert fit(tmp_path, text) == '<p title="a&quot;b">t</p>'


def test_headings_go_below_those_of_the_page(tmp_path: Path):
    assert fit(tmp_path, "<h2>a</h2><h5>b</h5>") == "<h4>a</h4><h5>b</h5>"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<p>\n<script>alert(1)</script></p>", "line 2: the tag <script>"),
        ('<img src="https://e.org/x.png">', "the tag <img>"),
        ("<style>p{}</style>", "the tag <style>"),
        ("<p><iframe></iframe></p>", "the tag <iframe>"),
        ("<p>open", "<p> is never closed"),
        ("<p></div></p>", "</div> closes nothing"),
        ("</div>", "</div> closes nothing"),
        ("<table><tr><td><table></table></td></tr></table>", "a table inside a table"),
    ],
)
def test_everything_else_is_refused(tmp_path: Path, text: str, says: str):
    with pytest.raises(SegbenchError) as error:
        fit(tmp_path, text)
    assert says in error.value.what
    assert "fragment.html" in error.value.what


def test_unreadable_fragment(tmp_path: Path):
    with pytest.raises(SegbenchError, match="cannot be read"):
        fitted(tmp_path / "none.html", "p", "l", False)


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60))
def test_text_never_becomes_markup(tmp_path_factory, text: str):
    from html import escape, unescape

    html = fit(tmp_path_factory.mktemp("f"), f"<p>{escape(text)}</p>")
    assert html.count("<") == 2
    assert unescape(html[3:-4]) == unescape(escape(text))
