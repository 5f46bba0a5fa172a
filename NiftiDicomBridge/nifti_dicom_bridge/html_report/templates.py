"""The Jinja templates of the report page; every value is escaped by the environment."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ..optional_packages import missing_error
from ..standard.data_tables import DATA
from . import formatting
from .data_uris import data_uri

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = DATA / "html_report"


def render(name: str, **values: Any) -> str:
    """Return a template with its values; raises `DependencyError` if Jinja2 is not installed."""
    return _environment().get_template(name).render(**values)


def read_part(name: str) -> str:
    """Return a file of the page that is not a template: style sheet or script."""
    return FOLDER.joinpath(name).read_text("utf-8")


@cache
def _environment() -> Environment:
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        raise missing_error("report") from None

    def clean(value: Any) -> Any:
        return value if isinstance(value, Markup) or not isinstance(value, str) else formatting.allowed(value)

    def foreign(value: object, longest: int = formatting.LONGEST) -> Markup:
        """Isolate text from a file, so that right-to-left text does not reorder what is next to it."""
        return Markup("<bdi>{}</bdi>").format(formatting.printable(value, longest))

    environment = Environment(
        loader=FunctionLoader(read_part),
        autoescape=True,
        finalize=clean,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {
        "foreign": foreign,
        "number": formatting.number,
        "grouped": formatting.grouped,
        "data_uri": data_uri,
    }
    environment.globals |= {"count": formatting.count}
    return environment
