"""The Nu HTML checker over many pages in one run."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.audits.access import TOOLS
from tests.audits.pages import Sheet


def faults(sheets: Iterable[Sheet], folder: Path) -> list[str]:
    """Errors and warnings of all sheets, which are written into `folder`; CalledProcessError when it did not run."""
    for sheet in sheets:
        (folder / sheet.file_name).write_text(sheet.html, encoding="utf-8")
    jar = TOOLS / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [
        "java",
        "-jar",
        str(jar),
        "--format",
        "json",
        "--exit-zero-always",
        "--no-langdetect",  # it samples at random: of six runs over the same Hindi bill with English names three called it English
        *map(str, sorted(folder.glob("*.html"))),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return [
        f"{Path(found['url']).name}: {found['message']} {found.get('extract', '')[:160]!r}"
        for found in json.loads(ended.stderr)["messages"]
    ]
