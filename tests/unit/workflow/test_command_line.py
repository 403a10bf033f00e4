"""Mistakes on the command line name the command that was meant."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.workflow.command_line import (
    check_configfiles,
    check_targets,
    configurations_with,
    could_be_targets,
    exit_on_error,
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project whose study `isbi` is in a configuration of its own, and `lost` in none."""
    studies = tmp_path / "config/studies"
    studies.mkdir(parents=True)
    for name in ("isbi", "lost", "tiny"):
        (studies / f"{name}.yaml").touch()
    (tmp_path / "config/config.yaml").write_text("studies: {tiny: {}}")
    (tmp_path / "config/isbi.yaml").write_text("studies:\n  isbi:\n  tiny: {}\n")
    (tmp_path / "config/broken.yaml").write_text("studies: [isbi")
    (tmp_path / "config/list.yaml").write_text("[isbi]")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def config(root):
    return SimpleNamespace(root=root, studies={"tiny": None})


RULES = frozenset({"all", "tables", "tiny"})


def check(config, *targets, folder=None):
    check_targets(
        targets, config, RULES, [config.root / "config/config.yaml"], folder or config.root
    )


def test_rules_studies_and_paths_are_targets(config, root):
    (root / "made.txt").touch()
    check(config)
    check(config, "all", "tiny", "tables/tiny.csv", "results/new/file", "made.txt")


def test_a_study_of_another_configuration_is_told_with_the_command(config):
    with pytest.raises(SegbenchError) as caught:
        check(config, "all", "isbi")
    assert caught.value.what == "study isbi is not in config/config.yaml, but in config/isbi.yaml"
    assert caught.value.action == "run `snakemake isbi --configfile config/isbi.yaml`"


def test_a_folder_of_outputs_is_no_target(config, root):
    """The folder that a configuration sets for its outputs often has the name of its study."""
    (root / "isbi").mkdir()
    with pytest.raises(SegbenchError, match=r"study isbi is not in config/config\.yaml"):
        check(config, "isbi")


def test_all_wrong_targets_are_told_at_once(config):
    with pytest.raises(SegbenchError) as caught:
        check(config, "isbi", "tiny", "tabels")
    assert caught.value.what.splitlines() == [
        "study isbi is not in config/config.yaml, but in config/isbi.yaml",
        "tabels: there is no rule, study or file of this name",
    ]
    assert caught.value.action == (
        "run `snakemake isbi --configfile config/isbi.yaml`; did you mean `snakemake tables`?"
    )


def test_paths_are_shown_as_they_are_typed_where_snakemake_was_started(config, root):
    with pytest.raises(SegbenchError) as caught:
        check(config, "isbi", folder=root / "elsewhere")
    assert caught.value.action == f"run `snakemake isbi --configfile {root}/config/isbi.yaml`"


def test_the_program_ends_with_the_message_alone():
    with pytest.raises(SystemExit) as caught, exit_on_error():
        raise SegbenchError("a.png: is empty", "an image", "download it again")
    assert caught.value.code == (
        "a.png: is empty\n  expected: an image\n  what to do: download it again"
    )
    with pytest.raises(KeyError), exit_on_error():
        raise KeyError("x")


def test_the_table_of_a_study_is_told_like_the_study(config):
    with pytest.raises(SegbenchError) as caught:
        check(config, "tables/isbi.csv")
    assert caught.value.what == "study isbi is not in config/config.yaml, but in config/isbi.yaml"
    assert caught.value.action == "run `snakemake tables/isbi.csv --configfile config/isbi.yaml`"
    assert could_be_targets(["tables/isbi.csv"], RULES)
    assert not could_be_targets(["tables/tiny.csv", "tables/new/isbi.csv"], RULES)


def test_a_study_of_no_configuration_is_told_how_to_name_it(config):
    with pytest.raises(SegbenchError) as caught:
        check(config, "lost")
    assert caught.value.what.startswith("study lost is not in config/config.yaml, nor in any file")
    assert "add `lost: {}` below `studies:` of config/config.yaml" in caught.value.action
    assert "snakemake lost --config 'studies={lost: {}}'" in caught.value.action


@pytest.mark.parametrize(
    ("target", "action"),
    [
        ("tabels", "did you mean `snakemake tables`?"),
        ("ibsi", "did you mean `snakemake isbi`?"),
        ("zzzz", "use one of them"),
    ],
)
def test_another_name_is_told_with_the_nearest(config, target, action):
    with pytest.raises(SegbenchError, match=f"{target}: there is no rule, study or file") as caught:
        check(config, target)
    assert caught.value.action == action


def test_configurations_that_name_a_study(root):
    assert configurations_with("isbi", root) == [root / "config/isbi.yaml"]
    assert configurations_with("tiny", root) == [
        root / "config/config.yaml",
        root / "config/isbi.yaml",
    ]
    assert configurations_with("lost", root) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], False),
        (["-n", "--cores", "2"], False),
        (["all", "tables/tiny.csv", "--config", "gpus=1"], False),
        (["isbi"], True),
        (["--profile", "slurm-gpu"], True),
    ],
)
def test_most_command_lines_need_not_be_parsed(words, expected):
    assert could_be_targets(words, RULES) is expected


@pytest.mark.parametrize(
    "words",
    [
        ["-n", "isbi"],
        ["isbi", "--configfile", "config/isbi.yaml"],
        ["--configfile", "config/isbi.yaml", "config/config.yaml", "-n"],
        ["--configfiles", "config/isbi.yaml", "--", "isbi"],
        ["--configfile=config/isbi.yaml", "isbi"],
    ],
)
def test_configuration_files_that_are_there(root, words):
    check_configfiles(words)


@pytest.mark.parametrize("exists", [False, True])
def test_a_target_behind_configfile_is_shown_at_its_place(root, exists):
    if exists:  # after a first run: the folder of the study's outputs
        (root / "isbi").mkdir()
    with pytest.raises(SegbenchError) as caught:
        check_configfiles(["-n", "--configfile", "config/isbi.yaml", "isbi"])
    assert caught.value.what.startswith("isbi: taken for a configuration file")
    assert caught.value.action == "run `snakemake isbi --configfile config/isbi.yaml`"


@pytest.mark.parametrize(
    ("words", "action"),
    [
        (["--configfile", "config/ibsi.yaml"], "did you mean config/isbi.yaml?"),
        (["--configfile=config/ibsi.yaml"], "did you mean config/isbi.yaml?"),
        (["--configfile", "zzz"], "give its path, relative to this folder"),
    ],
)
def test_a_configuration_file_that_is_not_there(root, words, action):
    with pytest.raises(SegbenchError, match="there is no such configuration file") as caught:
        check_configfiles(words)
    assert caught.value.action == action


@given(st.lists(st.text(max_size=12)))
def test_a_command_without_configfile_is_never_refused(words):
    check_configfiles([word for word in words if not word.startswith("--configfile")])


@given(st.lists(st.from_regex("-[a-z-]*|[0-9]+|[a-z]+/[a-z]+|[a-z]+=[a-z]+", fullmatch=True)))
def test_options_numbers_paths_and_settings_are_no_targets(words):
    assert not could_be_targets(words, ())


@given(st.lists(st.sampled_from(["all", "tables", "tiny", "tables/tiny.csv"])))
def test_known_targets_are_never_refused(targets):
    check_targets(targets, SimpleNamespace(root=Path("/nowhere")), RULES, [], Path("/nowhere"))


def test_several_words_behind_configfile_are_all_put_first(root):
    with pytest.raises(SegbenchError) as caught:
        check_configfiles(["--configfile", "config/isbi.yaml", "isbi", "tables", "-n"])
    assert caught.value.action == "run `snakemake isbi tables --configfile config/isbi.yaml`"


def test_a_path_with_a_blank_is_quoted_in_the_command(root, config):
    folder = root / "config/my isbi.yaml"
    (root / "config/isbi.yaml").rename(folder)
    with pytest.raises(SegbenchError) as caught:
        check(config, "isbi")
    assert caught.value.action == "run `snakemake isbi --configfile 'config/my isbi.yaml'`"


def test_the_default_profile_checks_the_command_line_before_snakemake_does(root, monkeypatch):
    """Snakemake evaluates the profile while it parses the command line."""
    from snakemake.profiles import ProfileConfigFileParser

    checkout = Path(__file__).resolve().parents[3]
    monkeypatch.chdir(checkout)
    before = list(sys.path)
    monkeypatch.setattr(sys, "argv", ["snakemake", "--configfile", "config/config.yaml", "isbi"])
    profile = checkout / "profiles/default/config.yaml"
    with profile.open() as stream, pytest.raises(SystemExit) as caught:
        ProfileConfigFileParser().parse(stream)
    assert "run `snakemake isbi --configfile config/config.yaml`" in str(caught.value)
    monkeypatch.chdir(root)
    words = ["-s", f"{checkout}/Snakefile", "--configfile", "config/isbi.yaml", "isbi"]
    monkeypatch.setattr(sys, "argv", ["snakemake", *words])
    with profile.open() as stream, pytest.raises(SystemExit) as caught:
        ProfileConfigFileParser().parse(stream)
    assert "run `snakemake isbi --configfile config/isbi.yaml`" in str(caught.value)
    monkeypatch.setattr(sys, "argv", ["snakemake", "isbi", "--configfile", "config/config.yaml"])
    with profile.open() as stream:
        settings = ProfileConfigFileParser().parse(stream)
    assert settings["cores"] == "all"
    assert settings["rerun-triggers"] == ["mtime", "params", "input", "code"]
    assert not [key for key in settings if key.startswith("__")]
    assert sys.path == before
