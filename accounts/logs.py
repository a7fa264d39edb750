"""No link token, code, key of a hook or full phone number in a log."""

import logging
import re

_TOKEN = re.compile(r"(/(?:i|p|r|s|v)/)[0-9A-Za-z]{20,}")
_KEY = re.compile(r"(/hooks/\w+/\?(?:[^\s\"]*&)?key=)[^&\s\"]+")
_NUMBER = re.compile(r"\+?\d{6,11}(\d{4})(?!\d)")


def storable(text: str) -> str:
    """Strangers' words as any database takes them: no NUL, which PostgreSQL refuses, and no half of a character."""
    return text.replace("\0", "�").encode(errors="replace").decode()


def scrub(text: str) -> str:
    return _NUMBER.sub(r"…\1", _KEY.sub(r"\1…", _TOKEN.sub(r"\1…", storable(text))))


class Scrub(logging.Filter):
    """Rewrites the finished line, and the traceback's text, before a handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = scrub(logging.Formatter().formatException(record.exc_info))
        return True
