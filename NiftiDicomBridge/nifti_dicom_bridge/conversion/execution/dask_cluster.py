"""A cluster of Dask workers as an executor."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from ...errors import BridgeError, OptionError
from ...optional_packages import require
from ...version import tool_version

EXAMPLE = "tcp://scheduler:8786"
SCHEMES = ("tcp://", "tls://", "ws://", "wss://", "ucx://", "inproc://")
TIMEOUT_S = 30.0
"""For a connection to the scheduler."""


LOST_S = 30.0
"""After so long without a connection, the scheduler is taken for lost."""


_CALLBACKS = "tornado.application"
"""The logger of errors in callbacks: of results that come too late."""
_CLIENT = ("distributed", "distributed.client")
"""Those that report that a closed connection does not answer."""


class DaskExecutor(Executor):
    """The workers of a Dask client as an executor that notices when the scheduler is lost."""

    def __init__(self, client: Any):
        self._client, self._executor = client, client.get_executor(pure=False)
        self._connected_s = time.monotonic()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Let a worker call a function."""
        future: Future[Any] = self._executor.submit(fn, *args, **kwargs)
        return future

    def is_lost(self) -> bool:
        """Whether there has been no connection to the scheduler for long, or it was closed."""
        if self._client.status == "running":
            self._connected_s = time.monotonic()
        return self._client.status == "closed" or time.monotonic() - self._connected_s > LOST_S


@contextmanager
def executor_of(where: Executor | str | Any) -> Iterator[Executor]:
    """Yield an executor: the one that is given, or that of a Dask client, or of the scheduler at an address.

    Raises
    ------
    DependencyError
        If an address is given and Dask distributed is not installed.
    OptionError
        If it is something else.
    BridgeError
        If the scheduler cannot be reached, or a worker has no or another version of this package.
    """
    if isinstance(where, str):
        with _connected(where) as client:
            yield DaskExecutor(client)
    elif isinstance(where, Executor):
        yield where
    elif hasattr(where, "get_executor"):
        _check_workers(where)
        yield DaskExecutor(where)
    else:
        raise OptionError(f"{where!r} is not an executor. Expected one of concurrent.futures, a Dask client, or {EXAMPLE}.")


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Yield a client of the scheduler at an address."""
    if not address.startswith(SCHEMES):
        raise OptionError(f"{address!r} is not the address of a Dask scheduler. Expected an address such as {EXAMPLE}.")
    require("cluster")
    from distributed import Client

    try:
        client: Any = Client(address, timeout=TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BridgeError(
            f"{address}: the scheduler cannot be reached ({type(error).__name__}). Check that 'dask scheduler' runs there."
        ) from error
    with _quiet(_CALLBACKS):
        try:
            _check_workers(client)
            yield client
        finally:
            with _quiet(*_CLIENT):
                client.close(timeout=5)


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Keep loggers from printing that results were not waited for; failed tasks are in the report."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _check_workers(client: Any) -> None:
    """Refuse workers that cannot do what this process asks for; those that join later are not checked."""
    try:
        versions: dict[str, str] = client.run(tool_version)
    except ImportError as error:
        raise BridgeError(
            f"The workers cannot import nifti-dicom-bridge ({error}). Install version {tool_version()} in their environment."
        ) from error
    for worker, version in versions.items():
        if version != tool_version():
            raise BridgeError(
                f"The worker {worker} has version {version} of nifti-dicom-bridge, and this is version {tool_version()}. "
                "Install the same version everywhere."
            )
