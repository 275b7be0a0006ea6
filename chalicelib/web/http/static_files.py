"""Style sheets and scripts: few and small; browsers keep them for a day."""

import json
from collections.abc import Mapping
from importlib import resources

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.domain.errors import NotFound
from chalicelib.languages import languages
from chalicelib.web.http import responses
from chalicelib.web.http.errors import answering
from chalicelib.web.http.i18n import words

files = Blueprint(__name__)

TYPES: Mapping[str, str] = {
    "bookend.css": "text/css",
    "staff.css": "text/css",
    "frame.js": "text/javascript",
}
KEPT = {"Cache-Control": "public, max-age=86400"}
FOLDER = resources.files("chalicelib.web").joinpath("static")


@files.route("/static/{name}", methods=["GET"])
@answering("page")
def static_file(name: str) -> Response:
    content_type = TYPES.get(name)
    file = FOLDER.joinpath(name)
    if content_type is None or not file.is_file():
        raise NotFound
    return responses.plain(file.read_text(encoding="utf-8"), content_type, headers=KEPT)


@files.route("/embed.js", methods=["GET"])
@answering("page")
def embed() -> Response:
    """The script that puts the form into the clinic's own page by one tag."""
    text = FOLDER.joinpath("embed.js").read_text(encoding="utf-8")
    base = wiring.services().settings.base_url.rstrip("/")
    said = {language: words(language)["script"] for language in languages()}
    headers = {
        "Cache-Control": "public, max-age=3600",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    for gap, value in {'"{{base}}"': base, '"{{said}}"': said}.items():
        text = text.replace(gap, json.dumps(value, ensure_ascii=False))
    return responses.plain(text, "text/javascript", headers=headers)
