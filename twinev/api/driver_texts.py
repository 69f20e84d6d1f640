"""Every word of the drivers' app, apart from its pages, so that it can be translated.

One JSON file a page in ``texts/driver/<language>/``; the file ``map.json`` is ``t.map`` in a template and ``texts.map``
in a script. Braces are filled in by ``fill``, here and there alike.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

LANGUAGE = "en"
FOLDER = Path(__file__).resolve().parent / "texts" / "driver"


@cache
def texts_of(language: str = LANGUAGE) -> dict[str, Any]:
    """Read a language's texts, by page."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / language).glob("*.json"))
    }


@cache
def texts_for_templates(language: str = LANGUAGE) -> SimpleNamespace:
    """The same as attributes: a text that is missing is an error where it is used."""
    return json.loads(json.dumps(texts_of(language)), object_hook=lambda texts: SimpleNamespace(**texts))


def fill(text: str, **values: object) -> str:
    """Put values into a text's braces; the scripts have a function of the same name."""
    return text.format(**values)


def connector_name(connector_type: str) -> str:
    """What drivers call a connector of OCPP's; the type itself where nobody named it."""
    return texts_of()["connectors"].get(connector_type, connector_type)
