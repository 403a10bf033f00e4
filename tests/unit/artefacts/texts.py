"""Texts that tables are known to lose, for the tests of the artefacts."""

from __future__ import annotations

from hypothesis import strategies as st

from segbench.cells import unfit

#: Texts of any kind, fit for a cell or not.
ANY = st.one_of(
    st.sampled_from(['"', '"A', 'a"b"', "NA", "nan", "None", " p5 ", "kidney, left", "left\tlobe",
                     "a\nb", "a\r", "\\", "\\,", ",", "Größe", "腎臓", "'", "#", "=1+1", "1e3",
                     "007", "\u202e", "\ufeff", "a\x85b", "a\u2028b", "\x00"]),
    st.text(max_size=6),
)  # fmt: skip
#: Those that a cell can hold; `NAMES` are not empty.
TEXTS = ANY.filter(lambda text: not unfit(text))
NAMES = TEXTS.filter(bool)
