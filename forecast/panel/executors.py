"""Who computes the chunks: this process, a pool of processes, or a Dask cluster; all through joblib."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from forecast.panel.settings import DASK, LOCAL
from forecast.support.ends import workers_that_end
from forecast.support.threads import worker_count

PATIENCE = 5  # seconds that a Dask scheduler has to answer
Out = TypeVar("Out")


def fan_out(work: Callable[..., Out], tasks: Iterable[tuple[Any, ...]], executor: str, jobs: int) -> Iterator[Out]:
    """Answers of `work(*task)` as they come, in whatever order; few tasks wait at a time, so that memory is bounded.

    Raises ValueError where Dask is asked for and not installed, and OSError where workers died for good.
    """
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    with _backend(executor, jobs) as settings, parallel_config(**settings):
        pool = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs",
                        **(workers_that_end() if settings["backend"] == "loky" else {}))
        try:
            yield from pool(delayed(work)(*task) for task in tasks)
        except TerminatedWorkerError as error:
            raise OSError("a worker process was killed, perhaps for want of memory: what was finished is kept; run "
                          "the same command again to go on") from error


@contextmanager
def _backend(executor: str, jobs: int) -> Iterator[dict[str, Any]]:
    if executor == LOCAL:
        yield {"backend": "sequential"} if jobs == 1 else {"backend": "loky", "n_jobs": worker_count(jobs)}
        return
    distributed = _distributed()
    if executor == DASK:
        sizes = {"n_workers": worker_count(jobs), "threads_per_worker": 1}
        with (distributed.LocalCluster(**sizes, dashboard_address=None) as cluster,
              distributed.Client(cluster, set_as_default=False) as client):
            yield {"backend": "dask", "client": client}
        return
    try:
        client = distributed.Client(executor, set_as_default=False, timeout=PATIENCE)
    except OSError as error:
        raise ValueError(f"no Dask scheduler answers at {executor} ({error}): start one there, or take --executor dask "
                         "or local") from error
    with client:
        yield {"backend": "dask", "client": client}


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ValueError("this executor needs distributed (the extra 'dask'): install distributed, or take "
                         "--executor local") from error
    return distributed
