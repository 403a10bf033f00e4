"""The kinds of pictures in a study's section, each described once.

The workflow asks here which pictures a study has, the page how they are shown. Nothing here
draws, so that a plan need not load Matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from segbench.config.dataset import Dataset
from segbench.config.study import Study


@dataclass(frozen=True)
class PictureKind:
    """One kind of picture.

    Attributes
    ----------
    name : str
        Ends the anchors of its heading.
    heading, link : str
        Heading of its part of the section, and what a link to it says.
    files : mapping of str to str
        Name of each file, as `StudyParts` and `ArmParts` have it -> title.
    per_arm : bool
        Whether each arm has its own.
    applies : callable
        Whether a study on a dataset has such pictures.
    note : str
        How to read them.
    """

    name: str
    heading: str
    link: str
    files: Mapping[str, str]
    per_arm: bool = False
    applies: Callable[[Study, Dataset], bool] = lambda study, dataset: True
    note: str = ""


def _is_classified(_: Study, dataset: Dataset) -> bool:
    return dataset.task == "classification"


#: In the order of the page.
KINDS = (
    PictureKind(
        name="sweep",
        heading="Hyper-parameters",
        link="hyper-parameters",
        files={"sweep": "Hyper-parameters"},
        applies=lambda study, _: study.sweep is not None,
    ),
    PictureKind(
        name="curves",
        heading="Learning curves",
        link="learning curves",
        files={"curves": "Learning curves"},
    ),
    PictureKind(
        name="overlays",
        heading="Best, median and worst samples",
        link="samples",
        files={"overlays": "Samples"},
        per_arm=True,
        applies=lambda study, dataset: not _is_classified(study, dataset),
        note="Above the image, below the same with the outlines or colours of truth and "
        "prediction, at the original size; the legend says which is which.",
    ),
    PictureKind(
        name="classes",
        heading="Classes and mistakes",
        link="classes",
        files={
            "confusion": "Confusion matrix",
            "reliability": "Reliability",
            "roc": "ROC curves",
            "mistakes": "Most confident mistakes",
        },
        per_arm=True,
        applies=_is_classified,
        note="Counted over all predictions of the arm; the table has scores with intervals.",
    ),
)


def kinds_of(study: Study, dataset: Dataset) -> list[PictureKind]:
    """The kinds of pictures that a study has, in the order of the page."""
    return [kind for kind in KINDS if kind.applies(study, dataset)]
