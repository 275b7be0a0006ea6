"""How Jinja is set up for pages, mails and the preview."""

from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(*folders: Traversable) -> "Environment":
    """The templates of these folders; of two with one name, the one in the first folder.

    A missing value is an error, never a gap, and every value is escaped in a page. Jinja is
    imported here, on first use: it is slow, and a `POST /requests` must not pay for it.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

    def source(name: str) -> str | None:
        files = (folder.joinpath(*name.split("/")) for folder in folders)
        return next((file.read_text(encoding="utf-8") for file in files if file.is_file()), None)

    return Environment(
        loader=FunctionLoader(source),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
