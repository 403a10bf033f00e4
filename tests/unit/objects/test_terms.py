"""Public terms: the file that comes with segbench, a user's own, and what is refused."""

from __future__ import annotations

import pytest

from segbench.errors import SegbenchError
from segbench.objects.terms import Terms, read_terms


def test_the_terms_that_come_with_segbench():
    terms = read_terms()
    assert terms.of_class("mitochondrion", "any") == "obo:GO_0005739"
    assert terms.of_class("nucleus", "any") == "obo:GO_0005634"
    assert terms.of_dataset("brats") == "obo:UBERON_0000955"
    assert terms.of_dataset("nobody's") is None


def test_a_dataset_comes_before_all_and_a_local_term_last():
    terms = Terms({"a": "obo:GO_1", "mine/a": "https://example.org/a"}, {})
    assert terms.of_class("a", "mine") == "https://example.org/a"
    assert terms.of_class("a", "other") == "obo:GO_1"
    assert terms.of_class("b/c d", "my data") == "class/my%20data/b%2Fc%20d"


def test_a_file_of_terms(tmp_path):
    file = tmp_path / "terms.yaml"
    file.write_text("classes: {a: obo:GO_1, mine/a: https://example.org/a}\nimages:\n")
    assert read_terms(file) == Terms({"a": "obo:GO_1", "mine/a": "https://example.org/a"}, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("classes: {mine/a: 'https://example.org/a b'}", r"classes\.mine/a is 'https"),
        ("classes: {a: GO_1}", r"classes\.a is 'GO_1'"),
        ("classes: {a: 'obo:'}", r"classes\.a is 'obo:'"),
        ("images: {a: 7}", r"images\.a is 7"),
        ("images: {a: nobody:GO_1}", r"images\.a is 'nobody:GO_1'"),
        ("classs: {}", "other keys"),
        ("- a", "other keys"),
        ("a: [", "cannot be read"),
    ],
)
def test_files_that_are_refused(tmp_path, text, message):
    file = tmp_path / "terms.yaml"
    file.write_text(text)
    with pytest.raises(SegbenchError, match=rf"terms\.yaml: .*{message}"):
        read_terms(file)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SegbenchError, match=r"absent\.yaml: cannot be read"):
        read_terms(tmp_path / "absent.yaml")
