"""The environment where others were before: killed set-ups, interpreters that hang, folders of other users."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from forecast.support.bootstrap import MADE, UNFINISHED
from tests.test_bootstrap import _run, _start, clone  # noqa: F401 - a fixture

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and modes are those of POSIX")


@pytest.mark.parametrize("seed", range(4))
def test_a_set_up_that_is_killed_at_any_moment_is_begun_again(seed, clone):  # noqa: F811
    rng = random.Random(seed)  # noqa: S311 - moments of kills are no secret
    for _ in range(3):
        process = _start(clone)
        time.sleep(rng.uniform(0.03, 1.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    code, out, err = _run(clone)
    assert (code, out) == (0, "ran 1.0 .venv []\n"), err


@pytest.mark.parametrize("left", [("lock",), ("lock", f"{MADE}.new"), ("lock", MADE), ("lock", MADE, UNFINISHED), ("lock", MADE, UNFINISHED, "bin"), ("lock", MADE, "bin")])
def test_whatever_a_killed_set_up_left_is_taken_up(left, clone):  # noqa: F811
    (clone / ".venv").mkdir()
    for name in left:
        (clone / ".venv" / name).mkdir() if name == "bin" else (clone / ".venv" / name).write_text("")
    code, out, err = _run(clone)
    assert (code, out) == (0, "ran 1.0 .venv []\n"), err


@pytest.mark.parametrize("script", ["#!/bin/sh\nexec sleep 1000\n", "#!/bin/sh\necho hello\n", "#!/bin/sh\nprintf '\\377'\n", "no program"])
def test_an_interpreter_of_another_that_hangs_or_babbles_gives_a_sentence(script, clone):  # noqa: F811
    bootstrap = clone / "forecast" / "support" / "bootstrap.py"
    bootstrap.write_text(bootstrap.read_text().replace("PATIENCE = 20.0", "PATIENCE = 1.0"))
    python = clone / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(script)
    python.chmod(0o755)
    began = time.monotonic()
    code, _, err = _run(clone)
    assert code == 1
    assert "was not made by forecast" in err
    assert "Traceback" not in err
    assert time.monotonic() - began < 30
    assert python.read_text() == script


def test_an_environment_that_another_user_keeps_to_himself_gives_a_sentence(clone):  # noqa: F811
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    if drop and not shutil.which("setpriv"):
        pytest.skip("root cannot give up its rights: setpriv is not here")
    (clone / ".venv").mkdir()
    (clone / ".venv").chmod(0)
    if subprocess.run([*drop, "ls", str(clone / ".venv")], capture_output=True, check=False).returncode == 0:
        pytest.skip("root cannot give up its rights here")
    done = subprocess.run([*drop, sys._base_executable, "-m", "probe"], cwd=clone, capture_output=True, text=True, check=False,
                          env={key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))})
    (clone / ".venv").chmod(0o755)
    assert done.returncode == 1
    assert "cannot make its environment" in done.stderr
    assert "Traceback" not in done.stderr
