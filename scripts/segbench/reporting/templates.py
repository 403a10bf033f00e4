"""The templates of the page, and how values are printed in them."""

from __future__ import annotations

from segbench.data_files import data_file
from segbench.reporting import formats
from segbench.templating import environment

#: Every file that a template may include. Each is named in full, so that the digest of the
#: report's code covers it.
FILES = {
    "page.html": data_file("reporting/templates/page.html"),
    "macros.html": data_file("reporting/templates/macros.html"),
    "study.html": data_file("reporting/templates/study.html"),
    "datasets.html": data_file("reporting/templates/datasets.html"),
    "costs.html": data_file("reporting/templates/costs.html"),
    "manifest.html": data_file("reporting/templates/manifest.html"),
    "page.css": data_file("reporting/templates/page.css"),
    "page.js": data_file("reporting/templates/page.js"),
}
FILTERS = {
    "duration": formats.duration,
    "memory": formats.memory,
    "energy": formats.energy,
    "number": formats.number,
    "percent": formats.percent,
    "significant": formats.significant,
    "sort_value": formats.sort_value,
    "linked": formats.linked,
}


def render(name: str, **values: object) -> str:
    """Fill a template.

    Parameters
    ----------
    name : str
        One of `FILES`.
    values
        Variables of the template. Text is escaped; a missing variable is an error.
    """
    templates = environment(FILES)
    templates.filters |= FILTERS
    return templates.get_template(name).render(values)
