"""Make the environment on first use, from a hash-locked file, with the standard library alone.

This module must import on any Python from 3.7 on, so that an unsupported one gets a sentence, not a traceback.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
# What must import before the program can run here: the oldest release that will do, as pyproject.toml has it.
NEEDED = {
    "hydra-core": (1, 3, 8), "jinja2": (3, 1), "joblib": (1, 5), "matplotlib": (3, 11), "numba": (0, 63),
    "numpy": (2, 4), "pandas": (3, 1), "prophet": (1, 5), "pydantic": (2, 12), "python-calamine": (0, 6), "rich": (14,),
    "scipy": (1, 16), "statsmodels": (0, 15), "threadpoolctl": (3, 6),
}
TOO_NEW = {"hydra-core": (1, 4), "pandas": (4,)}
MADE = "made-by-forecast"  # lies in a .venv of ours; one without it belongs to the user and is never cleared
UNFINISHED = "unfinished"  # lies there while packages are put in: what an interrupted run left is not trusted
LOCK = "lock"
PATIENCE = 20.0  # seconds within which an interpreter says its version
# Settings that aim pip elsewhere than at the environment it is told.
MISLEADING = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PYTHONHOME")
MIRRORS = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
           "cert": "SSL_CERT_FILE"}  # setting of pip -> variable of uv, which does not read pip's


def check_python(version: tuple[int, ...] = sys.version_info[:2]) -> None:
    """Stop with one plain sentence on a Python that the pinned packages do not support."""
    if not OLDEST <= version <= NEWEST:
        sys.exit(
            "forecast needs Python 3.11, 3.12 or 3.13; this is Python %d.%d (%s). Install one of those and run, "
            "for example: python3.12 -m forecast" % (version[0], version[1], sys.executable)
        )


def missing(needed: dict[str, tuple[int, ...]]) -> list[str]:
    """Names of the packages that this interpreter lacks or holds in a release that will not do."""
    from importlib import metadata

    lacking = []
    for name, oldest in needed.items():
        try:
            said = metadata.version(name) or ""  # None or KeyError where an uninstall left a stump
        except (metadata.PackageNotFoundError, KeyError):
            said = ""
        found = tuple(int(part) for part in re.findall(r"\d+", said))
        if not oldest <= found[: len(oldest)] or found >= TOO_NEW.get(name, (9999,)):
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
        wanted = " ".join('"%s>=%s"' % (name, ".".join(map(str, needed[name]))) for name in lacking)
        sys.exit("forecast lacks %s: install it with: pip install %s" % (", ".join(lacking), wanted))
    folder = ROOT / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    inside = Path(sys.prefix).resolve() == folder.resolve()
    stamp = _stamp(lock)
    if not _ready(folder, python, module, stamp, inside):
        try:
            with _alone(folder):
                if not _ready(folder, python, module, stamp, inside):  # another process may have made it by now
                    print("forecast: making %s from %s (once; later runs start at once)" % (folder, lock.name),
                          file=sys.stderr, flush=True)
                    _make(folder, python, lock)
                    _compile(python)
                    _write(folder / (module + ".digest"), stamp)
        except OSError as error:
            sys.exit("forecast cannot make its environment %s (%s): copy the clone to a folder that you may write, or "
                     "run it with a Python that holds the packages of %s" % (folder, error, lock.name))
        except KeyboardInterrupt:
            sys.exit("forecast: stopped; run it again to make the environment")
    elif inside:
        sys.exit("%s lacks %s although it was made from %s: remove that folder and run again."
                 % (folder, ", ".join(lacking), lock.name))
    command = [str(python), "-m", module, *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(str(python), command)


def _stamp(lock: Path) -> str:
    """What an environment must have been made from: the lock and the kind of machine, then the Python."""
    digest = hashlib.sha256(lock.read_bytes() + (sys.platform + platform.machine()).encode()).hexdigest()
    return "%s %d.%d" % (digest, *sys.version_info[:2])


def _ready(folder: Path, python: Path, module: str, stamp: str, inside: bool) -> bool:
    """Whether the environment holds all of the lock.

    Any supported Python may have made it; but when it runs itself, its Python must still be the one that made it
    (an upgrade of the system moves the one below it).
    """
    mark = folder / (module + ".digest")
    try:
        if not python.is_file() or (folder / UNFINISHED).exists() or not mark.is_file():
            return False
        made = mark.read_text()
    except (OSError, UnicodeDecodeError):  # of a user who keeps it to himself
        return False
    return made == stamp if inside else made.split(" ")[0] == stamp.split(" ", 1)[0]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the environment alone; whoever else wants to make it waits. A process that dies lets go."""
    folder.mkdir(exist_ok=True)
    with open(str(folder / LOCK), "a+") as file:
        try:
            _hold(file.fileno(), wait=False)
        except OSError:
            print("forecast: waiting for another process that makes %s" % folder, file=sys.stderr, flush=True)
            _hold(file.fileno(), wait=True)
        yield


def _hold(number: int, wait: bool) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(number, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _make(folder: Path, python: Path, lock: Path) -> None:
    import sysconfig
    import venv

    begun = (LOCK, MADE + ".new")  # all that a run leaves that is killed before it has said whose the folder is
    ours = (folder / MADE).exists() or all(path.name in begun for path in folder.iterdir())
    fit = python.is_file() and _version(python) == sys.version_info[:2]
    if not ours and not fit:
        sys.exit("%s was not made by forecast, and its Python is not %d.%d: move that folder away and run again."
                 % (folder, *sys.version_info[:2]))
    if ours:
        if not fit or (folder / UNFINISHED).exists():
            _write(folder / MADE, "")  # both stay until all is there, so that a run that is killed here is begun again
            _write(folder / UNFINISHED, "")
            _clear(folder)
            venv.create(str(folder), with_pip=False, symlinks=os.name != "nt")
        _write(folder / UNFINISHED, "")
    _install(folder, python, lock)
    base = {"base": str(folder), "platbase": str(folder)}
    # the clone itself, so that a notebook on this environment may import it from anywhere
    _write(Path(sysconfig.get_path("purelib", "venv", base), "forecast-clone.pth"), str(ROOT) + "\n")
    if ours:
        (folder / UNFINISHED).unlink()


def _compile(python: Path) -> None:
    """Fill the cache of compiled loops now, while the user waits anyway; what goes wrong here, the program will say."""
    said = ("from forecast import Series, detect, event_effect; "
            "s = Series.from_values([3, 4, 2, 5, 4, 3], start='2024-01-01'); detect(s); event_effect(s, s.start[3])")
    subprocess.run([str(python), "-c", said], cwd=str(ROOT), capture_output=True, check=False)


def _clear(folder: Path) -> None:
    """Empty the folder but for the file that is held, and for what says whose it is and that it is not whole."""
    for path in folder.iterdir():
        if path.name not in (LOCK, MADE, UNFINISHED):
            shutil.rmtree(str(path)) if path.is_dir() and not path.is_symlink() else path.unlink()


def _write(path: Path, text: str) -> None:
    """Write at once or not at all."""
    aside = path.with_name(path.name + ".new")
    aside.write_text(text)
    os.replace(str(aside), str(path))


def _version(python: Path) -> tuple[int, ...]:
    """The version that an interpreter says it is; () for one that does not answer, or hangs."""
    try:
        answer = subprocess.run([str(python), "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True,
                                text=True, check=False, stdin=subprocess.DEVNULL, timeout=PATIENCE).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        answer = ""
    return tuple(int(part) for part in answer.split()) if re.match(r"\d{1,4} \d{1,4}\s*$", answer) else ()


# -- packages -------------------------------------------------------------------------------------------------------
def _install(folder: Path, python: Path, lock: Path) -> None:
    env = {key: value for key, value in os.environ.items() if key not in MISLEADING}
    hashed = ["--require-hashes", "-r", str(lock)]
    quiet = [] if sys.stderr.isatty() else ["-q"]
    pip = _pip(python, env)
    uv = next((path for path in (_uv_in(python), shutil.which("uv")) if path and Path(path).is_file()), None)
    if not uv and pip:
        uv = _install_uv(python, lock, [*pip, "install", "-qq"], env)
    if uv:
        aimed = {**env, **_mirrors(pip, env)}
        command = [uv, "pip", "install", *quiet, "--python", str(python), "--index-strategy", "unsafe-best-match"]
        if subprocess.call([*command, *hashed], env=aimed) == 0:  # any index will do, for the hashes decide
            return
        if pip:
            print("forecast: uv did not serve, falling back to pip", file=sys.stderr, flush=True)
    if not pip:
        pip = _pip(python, env, put_in=True)
    if not pip:
        sys.exit("forecast needs uv or pip to install its packages and this Python has neither: install one of them "
                 "(Debian: apt install python3-venv) and run again.")
    if subprocess.call([*pip, "install", *quiet, *hashed], env=env) != 0:
        sys.exit("forecast: the packages of %s could not be installed (see above): check the network and run again, "
                 "or make an environment yourself: pip install -r %s" % (lock.name, lock.name))


def _pip(python: Path, env: dict[str, str], put_in: bool = False) -> list[str]:
    """A pip that installs into the environment of `python`: ours aimed at it, else its own; empty if there is none.

    put_in : let ensurepip put one there (which Debian's Python may lack)
    """
    base = getattr(sys, "_base_executable", sys.executable)
    candidates = [[one, "-m", "pip", "--python", str(python)] for one in dict.fromkeys([sys.executable, base])]
    own = [str(python), "-m", "pip"]
    for pip in [*candidates, own]:
        # pip before 22.3 knows no --python and fails here
        if subprocess.run([*pip, "--version"], env=env, capture_output=True, check=False).returncode == 0:
            return pip
    asked = [str(python), "-m", "ensurepip", "--default-pip"]
    if put_in and subprocess.run(asked, env=env, capture_output=True, check=False).returncode == 0:
        return own
    return []


def _mirrors(pip: list[str], env: dict[str, str]) -> dict[str, str]:
    """Where the user told pip to look for packages, as variables of uv; those that are set already stand."""
    if not pip:
        return {}
    said = subprocess.run([*pip, "config", "list"], env=env, capture_output=True, text=True, check=False).stdout
    found = {}
    for key, value in re.findall(r"^\S+?\.([\w-]+)='(.*)'$", said, flags=re.M):
        name = MIRRORS.get(key)
        if name and name not in env:
            separator = "," if name == "UV_FIND_LINKS" else " "
            found[name] = separator.join(value.replace("\\n", " ").split())
    return found


def _install_uv(python: Path, lock: Path, command: list[str], env: dict[str, str]) -> str | None:
    """Put uv into the new environment with the hashes that the lock gives for it."""
    block = re.search(r"^uv==(?:[^\n]*\\\n)*[^\n]*", lock.read_text(), flags=re.M)
    if block is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        pinned = Path(scratch, "uv.txt")
        pinned.write_text(block.group() + "\n")
        subprocess.call([*command, "--require-hashes", "-r", str(pinned)], env=env)
    uv = _uv_in(python)
    return uv if Path(uv).is_file() else None


def _uv_in(python: Path) -> str:
    return str(python.parent / ("uv.exe" if os.name == "nt" else "uv"))
