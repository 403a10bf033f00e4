"""envs/find-python.sh: which Python `make` takes, and what it says where none fits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def command(folder, name, version, venv=True):
    """A stand-in for a Python of a version, with or without the module venv."""
    path = folder / name
    path.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f'  --version) echo "Python 3.{version}.1" ;;\n'
        f"  *ensurepip*) exit {0 if venv else 1} ;;\n"
        '  *"<= v"*) set -- $(echo "$2" | grep -oE "[0-9]+ <= v|<= [0-9]+" | grep -oE "[0-9]+");'
        f' [ "$1" -le {version} ] && [ {version} -le "$2" ] && echo {version} ;;\n'
        "esac\n"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def find(tmp_path):
    """Run the script where only the commands of `tmp_path` and the shell's are on the PATH."""

    def run(*arguments):
        done = subprocess.run(
            [ROOT / "envs/find-python.sh", *arguments],
            env={"PATH": f"{tmp_path}:{tools}", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout.strip(), done.stderr.strip()

    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "ls", "grep", "echo"):
        found = next(Path(f) / tool for f in ("/bin", "/usr/bin") if (Path(f) / tool).exists())
        (tools / tool).symlink_to(found)
    return run


@pytest.mark.parametrize("version", [11, 12, 13])
def test_python3_is_taken_where_it_fits(find, tmp_path, version):
    python = command(tmp_path, "python3", version)
    command(tmp_path, "python3.12", 12)
    assert find() == (0, str(python), "")


@pytest.mark.parametrize("version", [10, 14])
def test_another_is_taken_where_python3_is_too_old_or_too_new(find, tmp_path, version):
    command(tmp_path, "python3", version)
    python = command(tmp_path, "python3.12", 12)
    assert find() == (0, str(python), "")


def test_what_is_needed_is_said_where_none_fits(find, tmp_path):
    command(tmp_path, "python3", 14)
    code, out, error = find()
    assert (code, out) == (1, "")
    assert "no Python 3.11 to 3.13 on the PATH (python3: Python 3.14.1)" in error
    assert "make PYTHON=" in error


def test_a_missing_venv_module_is_named_with_its_package(find, tmp_path):
    command(tmp_path, "python3", 12, venv=False)
    code, _, error = find()
    assert code == 1
    assert "without the module venv" in error
    assert "apt install python3.12-venv" in error


def test_one_with_venv_is_preferred_to_one_without(find, tmp_path):
    command(tmp_path, "python3", 12, venv=False)
    python = command(tmp_path, "python3.11", 11)
    assert find() == (0, str(python), "")


def test_one_version_alone(find, tmp_path):
    command(tmp_path, "python3", 11)
    python = command(tmp_path, "python3.13", 13)
    assert find("3.13") == (0, str(python), "")
    code, _, error = find("3.12")
    assert code == 1
    assert "no Python 3.12 on the PATH" in error


def test_one_that_was_named_must_fit(find, tmp_path):
    python = command(tmp_path, "mine", 10)
    code, _, error = find(str(python))
    assert code == 1
    assert f"PYTHON={python} is not Python 3.11 to 3.13 (Python 3.10.1)" in error


def test_pythons_of_pyenv_are_found(find, tmp_path):
    folder = tmp_path / ".pyenv/versions/3.13.0/bin"
    folder.mkdir(parents=True)
    python = command(folder, "python3", 13)
    assert find("3.13") == (0, str(python), "")
