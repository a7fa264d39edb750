"""What leaves for the providers, compared with their documents; and how each way to fail is understood.

A real HTTP client talks to a real server (tests.fake_gateway) that records what it is sent.
"""

import base64
import contextlib
import datetime as dt
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts import wording
from accounts.gateways import (
    AnswerLost,
    Document,
    GatewayError,
    Outgoing,
    SenderDetails,
    Text,
    for_channel,
    protocol,
    wire,
)
from accounts.gateways.twilio import Twilio
from tests import fake_gateway
from tests.fake_gateway import Fault, State
from tests.gateways import send_to

REFERENCE = "4f0cd6a2-2d3b-4c57-9d5f-0123456789ab"
NUMBER = "+919812345678"
URL = "https://ledger.example.in/i/0123456789abcdefghijklmnopqrstuvw"
INVOICE = {"business": "Ram & Sons", "party": "Shree Ganesh", "number": "INV/26-27/1", "amount": "Rs. 1,180.00"}
INVOICE |= {"due": "22 Nov 2026", "url": URL}


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[State, str, int]]:
    with fake_gateway.running() as found:
        yield found


@pytest.fixture(autouse=True)
def fake(server: tuple[State, str, int], settings: Any) -> Iterator[State]:
    state, address, smtp_port = server
    settings.SITE_URL = settings.LINK_URL = "https://ledger.example.in"
    send_to(settings, address, smtp_port)
    state.reset()
    yield state
    state.reset()


def text(name: str = "invoice_share", channel: str = "whatsapp", language: str = "en", **values: Any) -> Text:
    return wording.fill(name, channel, language, {**INVOICE, **values}, values.get("document"))


def send(channel: str, text: Text, to: str = NUMBER, **sender: str) -> str:
    return wire.run(for_channel(channel).send(Outgoing(channel, to, text, REFERENCE, SenderDetails(**sender))))


# --- WhatsApp -----------------------------------------------------------------------------------------------


def test_a_whatsapp_template_message_is_as_meta_documents_it(fake: State) -> None:
    """https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates/auth-otp-template-messages
    (the envelope), https://dualhook.com/docs/sending-template-messages (body and URL button),
    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status/
    (biz_opaque_callback_data is a string of ours that each status repeats)."""
    paper = Document(f"{URL}/pdf", "INV-26-27-1.pdf")
    assert send("whatsapp", text(document=paper)).startswith("wamid.")
    (request,) = fake.requests
    assert request.path == "/v23.0/106540352242922/messages"
    assert request.headers["authorization"] == "Bearer EAAJB-fake"
    assert request.headers["content-type"] == "application/json"
    assert request.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "919812345678",
        "type": "template",
        "template": {
            "name": "invoice_share",
            "language": {"code": "en"},
            "components": [
                {
                    "type": "header",
                    "parameters": [
                        {"type": "document", "document": {"link": f"{URL}/pdf", "filename": "INV-26-27-1.pdf"}}
                    ],
                },
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "INV/26-27/1"},
                        {"type": "text", "text": "Ram & Sons"},
                        {"type": "text", "text": "Rs. 1,180.00"},
                        {"type": "text", "text": "22 Nov 2026"},
                    ],
                },
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "0",
                    "parameters": [{"type": "text", "text": "i/0123456789abcdefghijklmnopqrstuvw"}],
                },
            ],
        },
        "biz_opaque_callback_data": REFERENCE,
    }


def test_a_code_by_whatsapp_is_an_authentication_template_with_the_code_twice(fake: State) -> None:
    """https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates/auth-otp-template-messages:
    "this value must appear twice in the payload. Maximum 15 characters"."""
    send("whatsapp", text("login_code", language="hi", code="123456", minutes=5, host="ledger.example.in"))
    template = fake.requests[0].json["template"]
    assert template == {
        "name": "login_code",
        "language": {"code": "hi"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "123456"}]},
            {
                "type": "button",
                "sub_type": "url",
                "index": "0",
                "parameters": [{"type": "text", "text": "123456"}],
            },
        ],
    }


def test_a_merchants_own_number_sends_its_messages(fake: State) -> None:
    send("whatsapp", text(), whatsapp_phone_id="555")
    assert fake.requests[0].path == "/v23.0/555/messages"


def test_a_free_text_is_not_sent_by_template_providers(fake: State) -> None:
    for channel in ("whatsapp", "sms"):
        with pytest.raises(GatewayError) as refused:
            send(channel, Text("Buy now"))
        assert refused.value.trouble == "refused"
    assert not fake.requests


# --- SMS ----------------------------------------------------------------------------------------------------


def test_an_msg91_request_is_as_its_document_says(fake: State, settings: Any) -> None:
    """https://api.msg91.com/apidoc/textsms/send-sms-flow.php (authkey header, sender, recipients with variables),
    https://msg91.com/help/dlt-key-points-for-b2b-platforms (PE_ID),
    https://msg91.com/help/webhooks/how-can-i-get-the-delivery-reports-on-my-webhook-url (CRQID)."""
    settings.LINK_URL = "https://slg.in"
    assert send("sms", text(channel="sms"), sms_header="RAMKIR").startswith("3768")
    (request,) = fake.requests
    assert request.path == "/api/v5/flow"
    assert (request.headers["authkey"], request.headers["content-type"]) == ("fake-authkey", "application/json")
    assert request.json == {
        "template_id": settings.MSG91_TEMPLATES["invoice_share"],
        "sender": "RAMKIR",
        "short_url": "0",
        "PE_ID": "1101000000000000001",
        "recipients": [
            {
                "mobiles": "919812345678",
                "CRQID": REFERENCE,
                "business": "Ram & Sons",
                "number": "INV/26-27/1",
                "amount": "Rs. 1,180.00",
                "due": "22 Nov 2026",
                "url": "https://slg.in/i/0123456789abcdefghijklmnopqrstuvw",
            }
        ],
    }
    assert len(request.json["recipients"][0]["url"]) == 50, "as DLT allows an address"


def test_a_twilio_request_is_as_its_document_says(fake: State, settings: Any) -> None:
    """https://www.twilio.com/docs/messaging/api/message-resource: form-encoded To, From or MessagingServiceSid, Body,
    StatusCallback, with HTTP Basic of account and token."""
    settings.MESSAGE_GATEWAYS = settings.MESSAGE_GATEWAYS | {"sms": settings.GATEWAYS["twilio"]}
    message = text(channel="sms")
    assert send("sms", message).startswith("SM")
    (request,) = fake.requests
    assert request.path == "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == (
        b"AC00000000000000000000000000000001:12345"
    )
    assert request.form == {
        "To": NUMBER,
        "From": "+15005550006",
        "Body": message.body,
        "StatusCallback": f"https://ledger.example.in/hooks/twilio/?ref={REFERENCE}",
    }
    settings.TWILIO_FROM = "MG123"
    wire.run(Twilio().send(Outgoing("sms", NUMBER, message, REFERENCE)))
    assert "From" not in fake.requests[1].form
    assert fake.requests[1].form["MessagingServiceSid"] == "MG123"


# --- E-mail -------------------------------------------------------------------------------------------------


def test_an_email_carries_the_shops_name_its_reply_address_and_our_reference(fake: State) -> None:
    """RFC 5322 (From, Reply-To, Message-ID), RFC 3834 (Auto-Submitted)."""
    mail = text(channel="email", language="hi", amount="₹1,180.00")
    found = send("email", mail, "kirana@example.in", name='Ram\r\nBcc: x@evil.in "& Sons"', reply_to="ram@example.in")
    (request,) = fake.requests
    assert found == f"<{REFERENCE}@ledger.example.in>"
    assert (request.to, request.reference) == ("kirana@example.in", REFERENCE)
    assert request.headers["Message-ID"] == found
    assert request.headers["Reply-To"] == "ram@example.in"
    assert request.headers["Auto-Submitted"] == "auto-generated"
    assert "bills@ledger.example.in" in request.headers["From"]
    assert "Bcc" not in request.headers
    send("email", mail, "kirana@example.in")
    assert "Reply-To" not in fake.requests[1].headers


@pytest.mark.parametrize(
    ("code", "trouble"), [(550, "wrong_number"), (551, "wrong_number"), (450, "retry"), (452, "retry")]
)
def test_a_mailbox_that_refuses(fake: State, code: int, trouble: str) -> None:
    fake.faults.append(Fault("smtp", error=code))
    with pytest.raises(GatewayError) as refused:
        send("email", text(channel="email"), "kirana@example.in")
    assert refused.value.trouble == trouble


def test_a_mail_server_that_falls_silent_after_the_text_leaves_us_not_knowing(fake: State) -> None:
    fake.faults.append(Fault("smtp", drop=True))
    with pytest.raises(AnswerLost):
        send("email", text(channel="email"), "kirana@example.in")
    assert fake.accepted[REFERENCE] == 1
    assert send("email", text(channel="email"), "kirana@example.in"), "on a new connection"


@pytest.mark.parametrize(
    ("greeting", "after_the_text", "end"),
    [
        (b"220 mail", b"garbage", "lost"),
        (b"220 mail", b"\xff\0" * 5000, "lost"),
        (b"220 mail", b"", "lost"),
        (b"220 mail", b"451 later", "retry"),
        (b"220 mail", b"554 no", "refused"),
        (b"garbage", b"", "retry"),
        (b"", b"", "retry"),
    ],
)
def test_a_mail_server_that_speaks_no_smtp(settings: Any, greeting: bytes, after_the_text: bytes, end: str) -> None:
    """Before the text has left, it is tried again; after it we do not know."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_mail_server, args=(server, greeting, after_the_text), daemon=True).start()
        send_to(settings, "http://127.0.0.1:1", server.getsockname()[1])
        protocol._load.cache_clear()
        assert _end_of("email", "kirana@example.in") == end


def _mail_server(server: socket.socket, greeting: bytes, after_the_text: bytes) -> None:
    connection, _address = server.accept()
    with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
        connection.sendall(greeting + b"\r\n" if greeting else b"")
        for line in lines if greeting.startswith(b"220") else ():
            if line.upper().startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")
                while lines.readline() != b".\r\n":
                    pass
                connection.sendall(after_the_text + b"\r\n" if after_the_text else b"")
                return
            connection.sendall(b"250 ok\r\n")


def test_without_a_mail_server_nothing_has_left(settings: Any) -> None:
    send_to(settings, "http://127.0.0.1:1", 1)
    protocol._load.cache_clear()  # no connection of before
    for channel, to in (("email", "kirana@example.in"), ("whatsapp", NUMBER), ("sms", NUMBER)):
        with pytest.raises(GatewayError, match="no connection") as refused:
            send(channel, text(channel=channel), to)
        assert refused.value.trouble == "retry"


# --- How it can fail ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "status", "error", "trouble"),
    [
        # https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
        ("whatsapp", 400, 131026, "wrong_number"),
        ("whatsapp", 400, 131030, "wrong_number"),
        ("whatsapp", 400, 131050, "opted_out"),
        ("whatsapp", 400, 130429, "retry"),
        ("whatsapp", 400, 131056, "retry"),
        ("whatsapp", 401, 190, "retry"),
        ("whatsapp", 400, 132001, "refused"),
        ("whatsapp", 400, 131049, "refused"),
        ("whatsapp", 400, 100, "refused"),
        ("whatsapp", 500, 131000, "retry"),
        ("whatsapp", 500, 0, "retry"),
        ("whatsapp", 503, 0, "retry"),
        ("whatsapp", 502, 0, "lost"),
        ("whatsapp", 504, 0, "lost"),
        # https://msg91.com/help/api and https://msgwow.com/kb/article/what-are-all-the-error-codes-and-what-does-it-mean
        ("msg91", 200, 202, "wrong_number"),
        ("msg91", 401, 207, "retry"),
        ("msg91", 200, 301, "retry"),
        ("msg91", 200, 418, "retry"),
        ("msg91", 200, 311, "lost"),
        ("msg91", 200, 400, "refused"),
        ("msg91", 400, 0, "refused"),
        ("msg91", 429, 0, "retry"),
        # https://www.twilio.com/docs/api/errors
        ("twilio", 400, 21211, "wrong_number"),
        ("twilio", 400, 21614, "wrong_number"),
        ("twilio", 400, 21610, "opted_out"),
        ("twilio", 429, 20429, "retry"),
        ("twilio", 401, 20003, "retry"),
        ("twilio", 400, 21602, "refused"),
    ],
)
def test_each_refusal_is_sorted(
    fake: State, settings: Any, provider: str, status: int, error: int, trouble: str
) -> None:
    settings.MESSAGE_GATEWAYS = settings.MESSAGE_GATEWAYS | {"sms": settings.GATEWAYS.get(provider)}
    channel = "whatsapp" if provider == "whatsapp" else "sms"
    fake.faults.append(Fault(provider, status, error))
    with pytest.raises(AnswerLost if trouble == "lost" else GatewayError) as refused:
        send(channel, text(channel=channel))
    assert getattr(refused.value, "trouble", "lost") == trouble
    assert (f"{error}" if error else f"{status}") in str(refused.value)


@pytest.mark.parametrize("header", ["7", "date", "999999", "soon", ""])
def test_retry_after_is_seconds_or_a_date_and_an_hour_at_most(fake: State, header: str) -> None:
    """RFC 9110, section 10.2.3."""
    value = format_datetime(timezone.now() + dt.timedelta(seconds=30), usegmt=True) if header == "date" else header
    fake.faults.append(Fault("whatsapp", 429, 130429, retry_after=value))
    with pytest.raises(GatewayError) as refused:
        send("whatsapp", text())
    found = refused.value.retry_after
    if header == "date":
        assert 25 < (found or 0) <= 30
    else:
        assert found == {"7": 7, "999999": 3600}.get(header)


@pytest.mark.parametrize(
    "header",
    [
        "-5",
        "1e5",
        "NaN",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2030 00:00:00 +99999999999999999",
    ],
)
def test_an_absurd_retry_after_is_none(header: str) -> None:
    assert wire.retry_after({"Retry-After": header}) is None


GZIP = b"Content-Encoding: gzip\r\n"
BOMB = gzip.compress(b" " * 50_000_000)


@pytest.mark.parametrize(
    ("answer", "whatsapp", "sms"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", "lost", "lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhey", "taken", "lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhey", "lost", "lost"),
        (b"HTTP/1.1 200 OK\r\n" + GZIP + b"\r\n" + BOMB, "taken", "lost"),
        (b"HTTP/1.1 200 OK\r\n" + GZIP + b"\r\nno gzip", "taken", "lost"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 200_000, "taken", "lost"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 20_000_000, "taken", "lost"),
        (b"HTTP/1.1 400 No\r\n\r\n" + b"\xff\0" * 1000, "refused", "refused"),
        (b"HTTP/1.1 429 No\r\nRetry-After: Mon, 01 Jan 99999999999999 00:00:00 GMT\r\n\r\n", "retry", "retry"),
        (b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "retry", "retry"),
        (b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 400 No\r\n\r\n", "refused", "refused"),
        (b"garbage\r\n\r\n", "lost", "lost"),
        (b"", "lost", "lost"),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else None,
)
def test_an_answer_that_is_none_has_its_end_all_the_same(settings: Any, answer: bytes, whatsapp: str, sms: str) -> None:
    """Each as bytes on a socket; a success that is not in the provider's words may have been one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer_always, args=(server, answer), daemon=True).start()
        send_to(settings, f"http://127.0.0.1:{server.getsockname()[1]}", 5)
        found = [_end_of(channel) for channel in ("whatsapp", "sms")]
    assert found == [whatsapp, sms]


def _end_of(channel: str, to: str = NUMBER) -> str:
    try:
        send(channel, text(channel=channel), to)
    except AnswerLost:
        return "lost"
    except GatewayError as error:
        return str(error.trouble)
    return "taken"


def _answer_always(server: socket.socket, answer: bytes) -> None:
    for _ in range(2):
        connection, _address = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass


def test_a_connection_dropped_after_acceptance_leaves_us_not_knowing(fake: State) -> None:
    for channel in ("whatsapp", "sms"):
        fake.faults.append(Fault(drop=True))
        with pytest.raises(AnswerLost):
            send(channel, text(channel=channel))
    assert fake.accepted[REFERENCE] == 2


def test_a_slow_provider_holds_up_nobody_else(fake: State) -> None:
    fake.faults.append(Fault("whatsapp", slow=2))
    began = time.monotonic()

    async def both() -> list[float]:
        import asyncio

        async def one() -> float:
            await for_channel("whatsapp").send(Outgoing("whatsapp", NUMBER, text(), REFERENCE))
            return time.monotonic() - began

        return list(await asyncio.gather(*(one() for _ in range(20))))

    took = sorted(wire.run(both()))
    assert took[-1] >= 2 > took[-2]


def test_the_fake_gateway_is_told_by_http_too(server: tuple[State, str, int]) -> None:
    import httpx2

    state, address, _port = server
    httpx2.post(f"{address}/_faults", json=[{"status": 429, "retry_after": "3", "times": 2}])
    httpx2.post(f"{address}/_hooks", json={"whatsapp": {"url": "http://127.0.0.1:1/", "key": "k"}, "times": 2})
    assert (state.faults[0].times, state.hooks.to["whatsapp"]) == (2, ("http://127.0.0.1:1/", "k"))
    state.hooks.to.clear()
    with pytest.raises(GatewayError):
        send("whatsapp", text())
    (request,) = httpx2.get(f"{address}/_requests").json()
    assert (request["provider"], request["reference"], request["is_accepted"]) == ("whatsapp", REFERENCE, False)
    assert httpx2.get(f"{address}/_counts").json() == {"counts": {"whatsapp": 1, "whatsapp 429": 1}, "twice": {}}
    assert json.loads(httpx2.post(f"{address}/_reset").text) == {}
    assert not state.requests
