"""Parse the request of `snakemake apply`: images=FOLDER and model=STUDY/best or one arm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from segbench.arms import WITHIN_STUDY, Arm
from segbench.config.loader import NAME_PATTERN, Config
from segbench.datasets.opening import choices_of
from segbench.errors import SegbenchError
from segbench.slices import model_slice, plain

#: Accepted forms of model=.
FORMS = "STUDY/best, or STUDY/PREPROCESSING/AUGMENTATION/MODEL/SEED, perhaps with /fold-K"
BEST = "best"
USAGE = "snakemake apply --config images=FOLDER model=STUDY/best"


@dataclass(frozen=True)
class Request:
    """A model to apply to a folder of images.

    Attributes
    ----------
    name : str
        Name of the results folder.
    images : Path
        The folder of new images.
    model, study : str
        The value of model=, and the study in it.
    arms : tuple of Arm
        The requested arm; for ``best`` all arms of the study, of which its table chooses one.
    fold : int or None
        The fold whose network is applied; None: the networks of all folds.
    """

    name: str
    images: Path
    model: str
    study: str
    arms: tuple[Arm, ...]
    fold: int | None = None

    @property
    def best(self) -> bool:
        """Whether the study's table chooses the arm."""
        return self.model.lower().endswith(f"/{BEST}")

    def folds(self, config: Config, arm: Arm) -> list[int]:
        """The requested folds of an arm."""
        count = config.datasets[arm.dataset].protocols[arm.protocol].folds
        return list(range(count)) if self.fold is None else [self.fold]

    def settings(self, config: Config) -> dict[str, Any]:
        """Everything that inference depends on besides files, as plain data.

        Returns
        -------
        dict
            ``study``, ``model``, ``images``; ``labels``: task and classes (name -> value);
            ``spacing_um``; ``choices``: of the dataset's layout, see
            `segbench.decoders.decoder.Choices`, as new images are like its own; ``arms``: for
            each its ``names``, its ``folds``, and the slices of its preprocessing and model
            recipe that are used.
        """
        dataset = config.datasets[config.studies[self.study].dataset]
        return {
            "model": self.model,
            "study": self.study,
            "images": str(self.images),
            "spacing_um": config.main.model_dump(mode="json")["spacing_um"],
            "choices": {
                **asdict(choices_of(dataset.layout)),
                **config.main.layout.model_dump(exclude_none=True),
            },
            "labels": {"task": dataset.label_task, "classes": dataset.label_classes},
            "arms": [
                {
                    "names": arm._asdict(),
                    "folds": self.folds(config, arm),
                    "preprocessing": plain(config.preprocessing[arm.preprocessing]),
                    "recipe": {
                        **model_slice(config.models[arm.model], "segment"),
                        **model_slice(config.models[arm.model], "predict"),
                    },
                }
                for arm in self.arms
            ],
        }


def read_request(config: Config, base: Path) -> Request | None:
    """Read the keys `images`, `model` and `name` of the configuration; None without a model.

    Parameters
    ----------
    config : Config
        Checked configuration.
    base : Path
        Relative image folders lie below it.

    Raises
    ------
    SegbenchError
        `images` is missing, or the folder, study, arm or fold does not
        exist; the nearest name is suggested.
    """
    images, model, name = config.main.images, config.main.model, config.main.name
    if model is None:  # images= alone is for `snakemake inspect`
        return None
    if images is None:
        raise SegbenchError(
            "--config model= is given, but images= is not", f"both: {USAGE}", "add images=FOLDER"
        )
    folder = base / Path(images).expanduser()
    if not folder.is_dir():
        raise SegbenchError(
            f"images={images}: there is no folder {folder}",
            "a folder of images",
            "give its path, relative to the project or absolute",
        )
    if base.resolve().is_relative_to(folder.resolve()):
        raise SegbenchError(
            f"images={images}: {folder} holds this project, and so the results themselves",
            "a folder that holds the new images only",
            "put them in a folder of their own",
        )
    study, arms, fold = _parse(model, config)
    name = name or _default_name(folder, model)
    if not re.fullmatch(NAME_PATTERN, name):
        raise SegbenchError(
            f"name={name}: the results cannot be put in a folder of this name",
            "lower-case letters and digits, with single - _ . between them",
            f"for example name={_slug(name) or 'new-images'}",
        )
    return Request(name, folder, model, study, arms, fold)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _default_name(folder: Path, model: str) -> str:
    """A results folder for each pair of image folder and model."""
    parts_of_model = [re.sub(r"[^a-z0-9_.]+", "-", part.lower()) for part in model.split("/")]
    return "-".join(filter(None, [_slug(folder.resolve().name), *parts_of_model]))


def _parse(model: str, config: Config) -> tuple[str, tuple[Arm, ...], int | None]:
    """Study, arms and fold of a model name."""
    names = model.strip("/").split("/")
    study = names[0]
    if study not in config.studies:
        raise _unknown(model, "study", study, list(config.studies))
    arms = config.arms(study)
    if len(names) == 2 and names[1].lower() == BEST:
        return study, tuple(arms), None
    if len(names) not in (5, 6):
        of_arms = ["/".join([study, *arm.recipes, str(arm.seed)]) for arm in arms]
        known = [f"{study}/{BEST}", *of_arms]
        raise SegbenchError(
            f"model={model}: not the name of a model", FORMS, f"one of: {', '.join(known)}"
        )
    for place, kind in enumerate(WITHIN_STUDY):
        known = sorted({str(getattr(arm, kind)) for arm in arms})
        if names[1 + place] not in known:
            raise _unknown(model, kind, names[1 + place], known)
        arms = [arm for arm in arms if str(getattr(arm, kind)) == names[1 + place]]
    if len(names) == 5:
        return study, tuple(arms), None
    count = config.datasets[arms[0].dataset].protocols[arms[0].protocol].folds
    known = [f"fold-{number}" for number in range(count)]
    if names[5] not in known:
        raise _unknown(model, "fold", names[5], known)
    return study, tuple(arms), known.index(names[5])


def _unknown(model: str, kind: str, name: str, known: Sequence[str]) -> SegbenchError:
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    return SegbenchError(
        f"model={model}: there is no {kind} {name!r} in this configuration",
        f"{FORMS}; {kind} is one of {', '.join(known)}",
        f"did you mean {near[0]!r}?" if near else "use one of them",
    )
