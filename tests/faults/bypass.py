"""The site with the outbox bypassed, as it would be written without one: the web process sends right after commit.

The control of the fault run: no row, no lease, no sweep. It must lose messages, and the run must see it.
"""

import logging
import uuid
from functools import partial
from typing import Any

from config.wsgi import application  # first of all: it makes Django ready

# isort: split
from django.db import transaction

from accounts import delivery, outbox
from accounts.gateways import for_channel, wire
from accounts.models import Message

__all__ = ["application"]
logger = logging.getLogger(__name__)


def enqueue(
    *,
    kind: str,
    channel: str,
    to: str,
    subject: tuple[str, str],
    business: Any = None,
    language: str = "en",
    **_rest: Any,
) -> Message:
    message = Message(
        kind=kind,
        channel=channel,
        to=to,
        subject_kind=subject[0],
        subject_id=subject[1],
        business=business,
        language=language,
        params=_rest.get("params") or {},
        reference=uuid.uuid4(),
    )
    transaction.on_commit(partial(_send, message))
    return message


def _send(message: Message) -> None:
    text = outbox.kinds[message.kind].texts([message])[message.pk]
    if text is None:
        return
    try:
        wire.run(delivery._send_one(for_channel(message.channel), message, text))
    except Exception:
        logger.exception("not sent")


outbox.enqueue = enqueue
