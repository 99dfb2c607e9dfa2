"""Many series through one question: what changed, which events fit, what comes next; on one core, a pool or a cluster.

    run_panel("portwatch.csv", "out", Settings(event="2023-11-19", jobs=2))    # Parquet tables, summary.html, .json
"""

from __future__ import annotations

from forecast.panel.run import run_panel
from forecast.panel.settings import Settings, read_settings

__all__ = ["Settings", "read_settings", "run_panel"]
