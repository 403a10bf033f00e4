#!/bin/sh
# Print a Python that the locks install on; say what is missing otherwise.
#   find-python.sh            the first that fits, on the PATH or among pyenv's
#   find-python.sh 3.13       the same, of this version only
#   find-python.sh COMMAND    this one, if it fits
# The wheels of TensorFlow and h5py set the limits.
oldest=11 newest=13
names="python3 python3.13 python3.12 python3.11 python"
versions=$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3 2>/dev/null)
case "$1" in
  "") wanted="$names $versions" ;;
  3.*) oldest=${1#3.} newest=${1#3.} wanted="$names $versions" ;;
  *) wanted=$1 ;;
esac

minor() {  # the minor version of a supported Python 3, or nothing
  "$1" -c "import sys; v = sys.version_info; v[0] == 3 and $oldest <= v[1] <= $newest and print(v[1])" 2>/dev/null
}

version() {  # what a command says of its version, if it is a Python
  case "$("$1" --version 2>&1)" in
    Python*) "$1" --version 2>&1 ;;
    *) echo "no working Python" ;;
  esac
}

for python in $wanted; do
  found=$(minor "$python")
  [ -n "$found" ] || continue
  if "$python" -c "import venv, ensurepip" 2>/dev/null; then
    command -v "$python"
    exit 0
  fi
  : "${without_venv:=$python is Python 3.$found without the module venv; on Debian or Ubuntu: apt install python3.$found-venv}"
done
if [ -n "$without_venv" ]; then
  echo "error: $without_venv" >&2
elif [ "$wanted" = "$1" ]; then
  echo "error: PYTHON=$1 is not Python 3.$oldest to 3.$newest ($(version "$1")); name one that is: make PYTHON=python3.12 demo" >&2
else
  needed="3.$oldest"
  [ "$oldest" = "$newest" ] || needed="3.$oldest to 3.$newest"
  echo "error: no Python $needed on the PATH (python3: $(version python3)); install one, or name it: make PYTHON=/path/to/python3.12 demo" >&2
fi
exit 1
