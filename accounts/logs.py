"""No link token, code, key of a hook or full phone number in a log."""

import logging
import re

_TOKEN = re.compile(r"((?:/|%2[Ff])(?:i|p|r|s|v)(?:/|%2[Ff]))[0-9A-Za-z]{20,}")
_KEY = re.compile(r"(/hooks/\w+/*\?(?:[^\s\"]*&)?(?:key|hub\.verify_token)=)[^&\s\"]+")
# As people write and search an Indian number: 98765 43210.
_IN_TWO = re.compile(r"(?:(?<!\d)|(?<=%20))(?:\+91(?:[ +-]|%20))?[6-9]\d{4}(?:[ +-]|%20)\d(\d{4})(?!\d)")
_NUMBER = re.compile(r"\+?\d{6,11}(\d{4})(?!\d)")


def storable(text: str) -> str:
    """Strangers' words as any database takes them: no NUL, which PostgreSQL refuses, and no half of a character."""
    return text.replace("\0", "�").encode(errors="replace").decode()


def scrub(text: str) -> str:
    text = _IN_TWO.sub(r"…\1", storable(text))
    return _NUMBER.sub(r"…\1", _KEY.sub(r"\1…", _TOKEN.sub(r"\1…", text)))


class Scrub(logging.Filter):
    """Rewrites the finished line, and the traceback's text, before a handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), ()
        if record.name.startswith("django.security."):
            # A stranger's bad request is one line: the fault is not in our code.
            record.exc_info = record.exc_text = None
        if record.exc_info:
            # Another handler may have left its own text of the traceback here.
            record.exc_text = scrub(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True
