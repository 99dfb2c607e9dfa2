"""Make the environment on first use, from a hash-locked file, with the standard library alone.

This module must import on any Python 3, so that an unsupported one gets a sentence, not a traceback.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
# What must import before the program can run here, with the oldest release that will do.
NEEDED = {
    "hydra-core": (1, 3), "jinja2": (3, 1), "joblib": (1, 5), "matplotlib": (3, 11), "numba": (0, 63),
    "numpy": (2, 4), "pandas": (3, 1), "prophet": (1, 5), "pydantic": (2, 12), "rich": (14,),
    "scipy": (1, 16), "statsmodels": (0, 15),
}


def check_python(version: tuple[int, int] = (sys.version_info[0], sys.version_info[1])) -> None:
    """Stop with one plain sentence on a Python that the pinned packages do not support."""
    if not OLDEST <= version <= NEWEST:
        sys.exit(
            "forecast needs Python 3.11, 3.12 or 3.13; this is Python %d.%d (%s). "
            "Install one of those and run, for example: python3.12 -m forecast" % (*version, sys.executable)
        )


def missing(needed: dict[str, tuple[int, ...]]) -> list[str]:
    """Names of the packages that this interpreter lacks or holds in too old a release."""
    lacking = []
    for name, oldest in needed.items():
        try:
            found = tuple(int(part) for part in re.findall(r"\d+", metadata.version(name))[: len(oldest)])
        except metadata.PackageNotFoundError:
            found = ()
        if found < oldest:
            lacking.append(name)
    return lacking


def ensure(module: str, lock: Path, needed: dict[str, tuple[int, ...]]) -> None:
    """Return if this interpreter can run `module`; otherwise make `.venv` from `lock` and re-execute there.

    Raises SystemExit with what to do when no environment can be made.
    """
    check_python()
    lacking = missing(needed)
    if not lacking:
        return
    if not lock.is_file():
        sys.exit("forecast lacks %s: install it with `pip install forecast`." % ", ".join(lacking))
    folder = ROOT / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if Path(sys.prefix).resolve() == folder.resolve():
        sys.exit("%s still lacks %s after install: remove that folder and run again." % (folder, ", ".join(lacking)))
    text = lock.read_bytes()
    stamp = hashlib.sha256(text + repr(sys.version_info[:3]).encode()).hexdigest()
    mark = folder / ("%s.digest" % module)
    if not (python.is_file() and mark.is_file() and mark.read_text() == stamp):
        print("forecast: making %s from %s (once; later runs start at once)" % (folder, lock.name),
              file=sys.stderr, flush=True)
        _make(folder, python, lock)
        mark.write_text(stamp)
    if os.name == "nt":
        sys.exit(subprocess.call([str(python), "-m", module, *sys.argv[1:]]))
    os.execv(str(python), [str(python), "-m", module, *sys.argv[1:]])


def _make(folder: Path, python: Path, lock: Path) -> None:
    import venv

    if not python.is_file() or _version(python) != sys.version_info[:2]:
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(str(folder), with_pip=False, symlinks=os.name != "nt")
    hashed = ["--require-hashes", "-r", str(lock)]
    uv = shutil.which("uv") or _install_uv(folder, python, lock)
    if uv and subprocess.call([uv, "pip", "install", "-qq", "--python", str(python), *hashed]) == 0:
        return
    print("forecast: uv did not serve, falling back to pip", file=sys.stderr, flush=True)
    if subprocess.call([*_pip(python), "install", "-qq", *hashed]) != 0:
        sys.exit(
            "forecast: the packages of %s could not be installed (see above). Check the network, or make an "
            "environment yourself: pip install -r %s" % (lock.name, lock.name)
        )


def _version(python: Path) -> tuple[int, ...]:
    answer = subprocess.run([str(python), "-c", "import sys; print(*sys.version_info[:2])"],
                            capture_output=True, text=True, check=False)
    return tuple(int(part) for part in answer.stdout.split())


def _pip(python: Path) -> list[str]:
    """The pip of this interpreter aimed at `python`, or one that ensurepip puts there."""
    from importlib.util import find_spec

    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--python", str(python)]
    if subprocess.call([str(python), "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL) != 0:
        sys.exit("forecast: this Python has neither uv, pip nor ensurepip: install one of them "
                 "(Debian: apt install python3-pip) and run again.")
    return [str(python), "-m", "pip"]


def _install_uv(folder: Path, python: Path, lock: Path) -> str | None:
    """Install uv into the new environment with the hashes that the lock gives for it."""
    block = re.search(r"^uv==(?:[^\n]*\\\n)*[^\n]*", lock.read_text(), flags=re.M)
    if block is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        pinned = Path(scratch, "uv.txt")
        pinned.write_text(block.group() + "\n")
        subprocess.call([*_pip(python), "install", "-qq", "--require-hashes", "-r", str(pinned)])
    uv = python.parent / ("uv.exe" if os.name == "nt" else "uv")
    return str(uv) if uv.is_file() else None
