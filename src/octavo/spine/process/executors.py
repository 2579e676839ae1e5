"""Executors: where the shards of a stage run, behind the standard `concurrent.futures` interface."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

from octavo.spine.errors import WRONG_USE, OctavoError, nearest

P = ParamSpec("P")
T = TypeVar("T")

NAMES = ("serial", "processes", "ray")


class SerialExecutor(Executor):
    """Runs each call at once in this process: for small work, for tests, and for a debugger."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` now; its result or exception is in the future."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # an executor hands every exception to who asks for the result
            future.set_exception(error)
        return future


def executor(name: str = "processes", workers: int | None = None) -> Executor:
    """The executor called `name` (serial, processes or ray) with `workers` workers (default: the cores).

    Results must not depend on which worker did what: map over shards and take the results in their order.
    """
    if name not in NAMES:
        raise OctavoError(
            "P022",
            f'There is no executor "{name}"{nearest(name, NAMES)}',
            do=f"use one of: {', '.join(NAMES)}",
            exit_code=WRONG_USE,
        )
    count = workers or len(os.sched_getaffinity(0))
    if name == "ray":
        return _ray(count)
    if name == "serial" or count == 1:
        return SerialExecutor()
    # imported here, since every command asks this module for the names of the executors
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # a fork would copy the threads' locks of numpy or torch in whatever state they are; a fork server has none
    context = multiprocessing.get_context("forkserver")
    return ProcessPoolExecutor(count, mp_context=context, initializer=_stay_with_owner)


def _stay_with_owner() -> None:
    """End this worker when the process that wants its results is gone, however it went."""
    import multiprocessing

    owner = multiprocessing.parent_process()
    assert owner is not None, "only workers call this"

    def watch() -> None:
        owner.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _ray(workers: int) -> Executor:
    # no usage reports, which Ray sends by default; and a cluster begun here listens on the loopback address only
    # (the name is what Ray calls that, on any system; it reads both when it is imported)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if "RAY_ADDRESS" not in os.environ:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        ray = importlib.import_module("ray")
    except ModuleNotFoundError:
        raise OctavoError(
            "P005", "ray is not installed", do="pip install 'octavo[ray]', or choose the executor processes"
        ) from None
    return _RayExecutor(ray, workers)


class _RayExecutor(Executor):
    """Runs each call as a Ray task."""

    def __init__(self, ray: Any, workers: int) -> None:
        self._ray = ray
        self._began = not ray.is_initialized()
        if self._began and "RAY_ADDRESS" in os.environ:
            ray.init(logging_level="ERROR")
        elif self._began:
            ray.init(num_cpus=workers, include_dashboard=False, logging_level="ERROR")

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Hand `fn` to Ray."""
        # Ray takes only plain functions; what is called may be a builtin, a method or a partial
        future: Future[T] = self._ray.remote(_called).remote(fn, args, kwargs).future()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster if this executor began or joined it; one that was there before goes on."""
        if self._began:
            self._ray.shutdown()


def _called(fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    return fn(*args, **kwargs)
