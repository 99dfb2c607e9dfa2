"""By what a run can be told from another: the events as they were fixed before it, and the versions behind it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from forecast.effects.explanations import Window


def frozen(windows: Sequence[Window]) -> str:
    """Hash of the list of events and windows, fixed before anything was tested."""
    text = json.dumps([[w.event.name, str(w.first), str(w.last), w.event.outside, w.mean_delay] for w in windows])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Version of this package, of Python and of the packages that the figures depend on."""
    import platform
    from importlib import metadata

    from forecast import __version__

    names = ("numpy", "pandas", "scipy", "numba", "statsmodels", "prophet", "matplotlib", "hydra-core")
    return {"forecast": __version__, "python": platform.python_version()} | {
        name: metadata.version(name) for name in names}
