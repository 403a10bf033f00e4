from __future__ import annotations

import io

from segbench.inference.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_line_an_image_and_a_bar_on_a_terminal():
    lines, terminal = [], Terminal()
    with Progress(2, lines.append, terminal) as progress:
        progress.step("a.png", "segmented")
        progress.step("b.png", "FAILED: broken")
    assert lines == ["1 of 2: a.png: segmented", "2 of 2: b.png: FAILED: broken"]
    assert "apply" in terminal.getvalue()
    assert "0/2" in terminal.getvalue()


def test_no_bar_where_there_is_no_terminal():
    stream = io.StringIO()
    for one in (stream, None):
        with Progress(1, lambda line: None, one) as progress:
            progress.step("a.png", "segmented")
    assert stream.getvalue() == ""
