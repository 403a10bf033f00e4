"""The report: one page with everything it shows beside it, readable without a network."""

from __future__ import annotations

from pathlib import Path

from segbench.files import write_text
from segbench.reporting.assets import Assets
from segbench.reporting.costs import total_of, totals_by
from segbench.reporting.inputs import ReportInput
from segbench.reporting.resource_usage import asked_rows
from segbench.reporting.sections import dataset_sections, study_sections
from segbench.reporting.templates import render

#: Of more distinct image sizes the most frequent are listed.
MOST_ROWS = 12


def write_report(report: ReportInput, output: str | Path) -> None:
    """Write the page and, beside it, the folder ``assets`` with all that it shows.

    Parameters
    ----------
    report : ReportInput
        What to show. All files are copied; none is changed.
    output : str or Path
        ``.../index.html``. Links are relative, so the folder can be moved, zipped and
        opened without a network. The same input gives the same bytes.

    Raises
    ------
    SegbenchError
        A file is missing, damaged or of another form, or two studies share a name.
        Then neither the page nor ``assets`` is changed.
    """
    output = Path(output)
    jobs = list(report.jobs)
    with Assets(output) as assets:
        data = dataset_sections(report, assets)
        html = render(
            "page.html",
            title=report.title,
            config=report.config,
            studies=study_sections(report.studies, data, assets),
            datasets=list(data.values()),
            most_rows=MOST_ROWS,
            jobs=jobs,
            stages=totals_by(jobs, lambda job: job.stage),
            hosts=totals_by(jobs, lambda job: job.host),
            total=total_of("all", jobs),
            asked=asked_rows(jobs),
            manifest=report.manifest,
        )
    write_text(output, html)
