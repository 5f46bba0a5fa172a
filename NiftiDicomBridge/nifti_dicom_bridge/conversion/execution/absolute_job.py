"""Jobs whose paths mean the same in any process."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ...options import ConversionOptions, FileOptions, PreviewOptions
from ...options.path_rules import is_name
from ...options.urls import is_address, is_url
from ..jobs import Job


def absolute_job(job: Job) -> Job:
    """Return a job with absolute paths, in its options too."""
    options = {field.name: _absolute(field.name, getattr(job.options, field.name)) for field in fields(ConversionOptions)}
    inputs = [_absolute("", path) for path in job.inputs]
    return Job(inputs, _absolute("", job.output), replace(job.options, **options))


def _absolute(name: str, value: Any) -> Any:
    """Return the value of an option with absolute paths; words in place of a path stay."""
    if isinstance(value, Path):
        return value if is_address(value) or is_url(value) or is_name(name, value) else value.absolute()
    if isinstance(value, tuple):
        return tuple(_absolute(name, one) for one in value)
    if isinstance(value, dict):
        return {_absolute("", key): _absolute("", one) for key, one in value.items()}
    if isinstance(value, (PreviewOptions, FileOptions)):
        return replace(value, **{field.name: _absolute(field.name, getattr(value, field.name)) for field in fields(value)})
    return value
