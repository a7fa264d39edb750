"""E-mail by SMTP, through Django's mailer `default`; a few connections stay open and are used by turns."""

import asyncio
import smtplib
import threading
from email.headerregistry import Address
from queue import Empty, SimpleQueue
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, mailers

from accounts.gateways.protocol import AnswerLost, GatewayError, Outgoing
from accounts.models import Message

Trouble = Message.Trouble
AT_ONCE = 8


class Smtp:
    name = "smtp"
    reports = False  # bounces come (accounts.hooks.email), deliveries never do
    needs = ("MAIL_URL", "MAIL_FROM")

    def __init__(self) -> None:
        self._idle: SimpleQueue[Any] = SimpleQueue()
        self._places = threading.BoundedSemaphore(AT_ONCE)

    async def send(self, message: Outgoing) -> str:
        return await asyncio.to_thread(self._send, email_of(message))

    def _send(self, email: EmailMessage) -> str:
        with self._places:
            connection = self._connection()
            try:
                connection.send_messages([email])
            except smtplib.SMTPResponseException as error:
                connection.close()
                # No SMTP (smtplib's own words are str, a server's are bytes): it may have taken the text all the same.
                if not 400 <= error.smtp_code < 600 or isinstance(error.smtp_error, str):
                    raise AnswerLost("an answer that is none") from error
                raise _refusal(error.smtp_code, error.smtp_error) from error
            except smtplib.SMTPRecipientsRefused as error:
                connection.close()
                code, words = next(iter(error.recipients.values()))
                raise _refusal(code, words, wrong=Trouble.WRONG_NUMBER) from error
            except (smtplib.SMTPException, OSError) as error:
                connection.connection = None
                raise AnswerLost(f"no answer: {type(error).__name__}") from error
            self._idle.put(connection)
        return str(email.extra_headers["Message-ID"])

    def _connection(self) -> Any:
        """An open connection that answers; nothing has been sent when this fails."""
        try:
            connection = self._idle.get_nowait()
            if connection.connection and connection.connection.noop()[0] == 250:
                return connection
        except (Empty, smtplib.SMTPException, OSError):
            pass
        connection = mailers["default"]
        try:
            connection.open()
        except (smtplib.SMTPException, OSError) as error:
            raise GatewayError(f"no connection: {type(error).__name__}") from error
        return connection


def _refusal(code: int, words: bytes | str, wrong: Message.Trouble = Trouble.REFUSED) -> GatewayError:
    """RFC 5321: 4yz is for now, 5yz for good."""
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return GatewayError(f"{code} {' '.join(text.split())}", wrong if code >= 500 else Trouble.RETRY)


def email_of(message: Outgoing) -> EmailMessage:
    """In the shop's name from the service's address; a bounce names our reference by the Message-ID."""
    name = message.sender.name or "SharedLedger"
    host = settings.MAIL_FROM.rpartition("@")[2]
    return EmailMessage(
        subject=message.text.subject,
        body=message.text.body,
        from_email=str(Address(" ".join(name.split()), addr_spec=settings.MAIL_FROM)),
        to=[message.to],
        reply_to=[message.sender.reply_to] if message.sender.reply_to else [],
        headers={"Message-ID": f"<{message.reference}@{host}>", "Auto-Submitted": "auto-generated"},
    )
