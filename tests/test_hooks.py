"""What providers report: only when signed, once however often, forward whatever the order, and of our messages only."""

import datetime as dt
import hashlib
import hmac
import itertools
import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import delivery, optouts, outbox
from accounts.gateways import GatewayError, Text
from accounts.hooks import twilio
from accounts.logs import scrub
from accounts.models import Message, OptOut
from tests import factories, fake_gateway
from tests.gateways import EVERYWHERE, Recording, send_to
from tests.threads import in_parallel

pytestmark = pytest.mark.django_db
NUMBER = "+919812345678"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def stops(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[outbox.Stop]]:
    settings.SITE_URL = "http://testserver"
    send_to(settings, "http://127.0.0.1:1", 1)
    settings.MESSAGE_GATEWAYS = EVERYWHERE
    monkeypatch.setattr(outbox, "kinds", dict(outbox.kinds))
    found: list[outbox.Stop] = []
    monkeypatch.setattr(outbox, "_refusals", [])
    monkeypatch.setattr(outbox, "_stops", [found.append])
    outbox.register("greeting", lambda message: Text("Namaste"), lambda message: True)
    outbox.register("code", lambda message: Text("123456"), lambda message: True, is_resent=False)
    Recording.faults.clear()
    Recording.sent.clear()
    yield found
    Recording.faults.clear()


def message(status: str = "sent", channel: str = "whatsapp", **fields: Any) -> Message:
    """One that was handed over a minute ago and is now in that state."""
    ago = timezone.now() - dt.timedelta(minutes=1)
    values: dict[str, Any] = {"kind": "greeting", "channel": channel, "to": NUMBER, "subject_kind": "test"}
    values |= {"subject_id": "1", "status": status, "attempts": 1, "handed_at": ago}
    return Message.objects.create(**(values | fields))


def status_of(found: Message) -> str:
    return Message.objects.get(pk=found.pk).status


def whatsapp(*statuses: dict[str, Any], key: str = "whatsapp-app-secret", **value: Any) -> Any:
    """A POST as Meta makes it: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status/"""
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "statuses": list(statuses), **value}}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]})
    signature = hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}"}
    return Client(enforce_csrf_checks=True).post(
        "/hooks/whatsapp/", body, content_type="application/json", headers=headers
    )


def status(found: Message | str, event: str, minutes_ago: float = 0, **more: Any) -> dict[str, Any]:
    at = timezone.now() - dt.timedelta(minutes=minutes_ago)
    reference = found if isinstance(found, str) else str(found.reference)
    base = {"id": "wamid.1", "status": event, "timestamp": str(int(at.timestamp())), "recipient_id": "919812345678"}
    return base | {"biz_opaque_callback_data": reference} | more


# --- Forward only -------------------------------------------------------------------------------------------


def test_reports_in_any_order_and_any_number_end_the_same() -> None:
    for order in itertools.permutations(("sent", "delivered", "read")):
        found = message("sending", leased_until=timezone.now())
        for event in (*order, *order):
            assert (
                whatsapp(status(found, event, {"sent": 0.9, "delivered": 0.6, "read": 0.3}[event])).status_code == 200
            )
        row = Message.objects.get(pk=found.pk)
        assert (row.status, row.leased_until) == ("read", None)
        assert row.sent_at
        assert row.delivered_at
        assert row.read_at
        assert row.sent_at < row.delivered_at < row.read_at, order


@pytest.mark.parametrize(
    ("was", "event", "becomes"),
    [
        ("sending", "sent", "sent"),
        ("uncertain", "sent", "sent"),
        ("uncertain", "delivered", "delivered"),
        ("uncertain", "failed", "failed"),
        ("queued", "delivered", "delivered"),
        ("sent", "failed", "failed"),
        ("failed", "sent", "failed"),
        ("failed", "delivered", "delivered"),
        ("delivered", "failed", "delivered"),
        ("delivered", "sent", "delivered"),
        ("read", "failed", "read"),
        ("dropped", "delivered", "dropped"),
        ("cancelled", "read", "cancelled"),
        ("sent", "warning", "sent"),
    ],
)
def test_where_a_report_leads(was: str, event: str, becomes: str) -> None:
    found = message(was)
    assert whatsapp(status(found, event)).status_code == 200
    assert status_of(found) == becomes


def test_a_message_never_handed_over_is_not_moved_by_a_report() -> None:
    found = message("queued", attempts=0)
    whatsapp(status(found, "delivered"))
    assert status_of(found) == "queued"


def test_a_report_that_is_faster_than_our_own_record_is_not_taken_back() -> None:
    found = message("sending", attempts=1)
    whatsapp(status(found, "delivered"))
    delivery.record([delivery.Outcome(found, "sent", "whatsapp", "wamid.1")])
    row = Message.objects.get()
    assert (row.status, row.provider, row.provider_id) == ("delivered", "whatsapp", "wamid.1")


def test_times_that_cannot_be_are_not_believed() -> None:
    found = message()
    whatsapp(status(found, "delivered", timestamp="1"))
    row = Message.objects.get()
    assert row.delivered_at
    assert timezone.now() - row.delivered_at < dt.timedelta(minutes=1)


# --- Failures and the next way ------------------------------------------------------------------------------


def test_a_reported_failure_queues_the_next_way_once_and_a_late_delivery_takes_it_back() -> None:
    found = message(fallback=[["sms", NUMBER], ["email", "a@example.in"]])
    failed = status(found, "failed", errors=[{"code": 131026, "title": "Message undeliverable to +919812345678"}])
    whatsapp(failed, failed)
    whatsapp(failed)
    row = Message.objects.get(pk=found.pk)
    assert (row.status, row.trouble, row.error) == (
        "failed",
        "wrong_number",
        "131026 Message undeliverable to …5678",
    )
    following = Message.objects.get(follows=found)
    assert (following.channel, following.to, following.status) == ("sms", NUMBER, "queued")
    assert following.fallback == [["email", "a@example.in"]]
    whatsapp(status(found, "delivered"))
    assert (status_of(found), status_of(following)) == ("delivered", "cancelled")


def test_an_opt_out_that_a_report_tells_of_ends_the_ways(stops: list[outbox.Stop]) -> None:
    found = message(fallback=[["sms", NUMBER]])
    whatsapp(status(found, "failed", errors=[{"code": 131050, "title": "opted out"}]))
    assert [(stop.channel, stop.address, stop.is_stop) for stop in stops] == [("whatsapp", NUMBER, True)]
    assert Message.objects.count() == 1


# --- Uncertain ----------------------------------------------------------------------------------------------


class Reporting(Recording):
    reports = True


@pytest.mark.parametrize(
    ("kind", "gateway", "resent"),
    [
        ("greeting", "tests.test_hooks.Reporting", True),
        ("greeting", "tests.gateways.Recording", False),
        ("code", "tests.test_hooks.Reporting", False),
    ],
)
def test_an_uncertain_message_is_sent_once_more_where_a_report_would_have_come(
    settings: Any, kind: str, gateway: str, resent: bool
) -> None:
    settings.MESSAGE_GATEWAYS = dict.fromkeys(("sms", "whatsapp", "email"), gateway)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        found = message("uncertain", kind=kind, handed_at=timezone.now())
        clock.shift(delivery.RESEND_AFTER - dt.timedelta(seconds=1))
        assert delivery.sweep() == 0
        clock.shift(dt.timedelta(seconds=2))
        assert delivery.sweep() == int(resent)
        if resent:
            assert delivery.deliver(found.pk) is True
            Message.objects.update(status="uncertain")
        clock.shift(2 * delivery.RESEND_AFTER)
        assert delivery.sweep() == 0, "and never again by itself"
    row = Message.objects.get()
    assert (row.status, row.resends, len(Recording.sent)) == ("uncertain", int(resent), int(resent))


def test_a_report_takes_back_the_resending_that_waits() -> None:
    found = message("queued", attempts=1, resends=1)
    whatsapp(status(found, "sent"))
    assert (status_of(found), delivery.deliver(found.pk)) == ("sent", False)


# --- Who may tell -------------------------------------------------------------------------------------------


def test_an_unsigned_report_changes_nothing(settings: Any) -> None:
    found = message()
    assert whatsapp(status(found, "read"), key="guessed").status_code == 403
    for headers in ({}, {"X-Hub-Signature-256": "sha256="}, {"X-Hub-Signature-256": "sha1=é"}):
        answer = Client().post("/hooks/whatsapp/", "{}", content_type="application/json", headers=headers)
        assert answer.status_code == 403
    for secret in ("WHATSAPP_APP_SECRET", "MSG91_HOOK_SECRET", "TWILIO_AUTH_TOKEN", "MAIL_HOOK_SECRET"):
        setattr(settings, secret, "")
    assert whatsapp(status(found, "read"), key="").status_code == 403, "without a secret it is shut"
    assert Client().post("/hooks/sms/?key=", "{}", content_type="application/json").status_code == 403
    assert twilio_post({"MessageStatus": "read"}, found, key="").status_code == 403
    assert mail({"event": "bounced", "reference": str(found.reference)}, key="").status_code == 403
    assert status_of(found) == "sent"


def test_whoever_keeps_guessing_signatures_is_told_to_stop() -> None:
    from accounts.views import hooks

    for _ in range(3):
        assert whatsapp(key="guessed").status_code == 403
    hooks.REFUSALS_AN_HOUR, usual = 3, hooks.REFUSALS_AN_HOUR
    try:
        assert whatsapp(key="guessed").status_code == 429
        assert whatsapp().status_code == 200, "who signs is never held up"
    finally:
        hooks.REFUSALS_AN_HOUR = usual


def test_what_is_not_ours_or_makes_no_sense_is_answered_and_passed_over() -> None:
    found = message()
    strange = [status("nobody", "read"), status("4f0cd6a2-2d3b-4c57-9d5f-0123456789ab", "read"), status("", "read")]
    assert whatsapp(*strange).status_code == 200
    assert whatsapp({"status": 7}).status_code == 200
    assert whatsapp({"status": "read"}).status_code == 400, "a status without an id"
    for body, code in (("[]", 400), ("{", 400), ('{"entry": 5}', 400), ("{}", 200), ('{"entry": []}', 200)):
        signature = hmac.new(b"whatsapp-app-secret", body.encode(), hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={signature}"}
        answer = Client().post("/hooks/whatsapp/", body, content_type="application/json", headers=headers)
        assert (body, answer.status_code) == (body, code)
    assert status_of(found) == "sent"


def test_a_body_beyond_what_meta_sends_is_refused_unread() -> None:
    answer = Client().post("/hooks/whatsapp/", b"x" * (3 * 1024 * 1024 + 1), content_type="application/json")
    assert answer.status_code == 413


def test_a_hook_leaves_no_cookie_and_takes_no_get() -> None:
    assert not whatsapp().cookies
    for path in ("sms", "twilio", "email"):
        assert Client().get(f"/hooks/{path}/").status_code == 405


def test_the_address_of_a_hook_is_logged_without_its_key() -> None:
    line = '"POST /hooks/sms/?a=1&key=msg91-hook-secret HTTP/1.1" 200'
    assert scrub(line) == '"POST /hooks/sms/?a=1&key=… HTTP/1.1" 200'


def test_meta_registers_the_address_by_our_own_token() -> None:
    """https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint.md"""
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify-me"}
    answer = Client().get("/hooks/whatsapp/", asked)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"1158201444", "text/plain")
    for wrong in ({"hub.verify_token": "x"}, {"hub.mode": "other"}, {"hub.challenge": "<b>"}, {"hub.challenge": ""}):
        assert Client().get("/hooks/whatsapp/", asked | wrong).status_code == 403


# --- MSG91 --------------------------------------------------------------------------------------------------


def msg91(body: str, content_type: str = FORM) -> int:
    return Client().post("/hooks/sms/?key=msg91-hook-secret", body, content_type=content_type).status_code


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("code", "becomes", "trouble"),
    [
        ("1", "delivered", ""),
        ("2", "failed", "refused"),
        ("9", "failed", "opted_out"),
        ("17", "failed", "wrong_number"),
    ],
)
def test_msg91_reports_by_our_reference(version: int, code: str, becomes: str, trouble: str) -> None:
    """The samples of https://msg91.com/help/webhooks/how-can-i-get-the-delivery-reports-on-my-webhook-url"""
    found = message(channel="sms")
    local = timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")
    one = {"date": local, "amount": "0.01", "INMSID": "0", "CRQID": str(found.reference), "number": "919812345678"}
    one |= {"credit": "1", "status": code, "desc": "WORDS", "failedReason": ""}
    whole = {"senderId": "uXXXXm", "requestId": "346XXX130", "userId": "27XXXX", "campaignName": "API"}
    if version == 2:
        assert msg91(urlencode({"data": json.dumps([{**whole, "report": [one]}])})) == 200
    else:
        assert msg91(json.dumps({**one, **whole}), "application/json") == 200
    row = Message.objects.get()
    assert (row.status, row.trouble) == (becomes, trouble)
    if becomes == "delivered":
        assert row.delivered_at
        assert abs(row.delivered_at - timezone.now()) < dt.timedelta(seconds=5), "its dates are India's"


def test_msg91_reports_by_its_own_id_where_it_repeats_none() -> None:
    found = message(channel="sms", provider="msg91", provider_id="3768a1")
    other = message(channel="sms", provider="twilio", provider_id="3768a1")
    report = [{"requestId": "3768a1", "report": [{"CRQID": "0", "status": "1", "desc": "DELIVERED"}]}]
    assert msg91(urlencode({"data": json.dumps(report)})) == 200
    assert (status_of(found), status_of(other)) == ("delivered", "sent")


@pytest.mark.parametrize("body", ["data=[", "data={", "x", "{", "data=5", 'data=[{"report": 5}]'])
def test_msg91_nonsense_is_refused(body: str) -> None:
    assert msg91(body) == 400


# --- Twilio -------------------------------------------------------------------------------------------------


def twilio_post(fields: dict[str, str], found: Message | None = None, key: str = "12345") -> Any:
    path = "/hooks/twilio/" + (f"?ref={found.reference}" if found else "")
    headers = {"X-Twilio-Signature": twilio.signature(key, f"http://testserver{path}", fields)}
    return Client().post(path, urlencode(fields), content_type=FORM, headers=headers)


def test_twilios_own_example_of_a_signature() -> None:
    """http://twilio-php-atbaker.readthedocs.io/en/latest/usage/validation.html and
    https://www.twilio.com/docs/usage/security#validating-requests"""
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234"}
    fields |= {"From": "+14158675309", "To": "+18005551212"}
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio.signature("12345", url, fields) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert fake_gateway.twilio_signature("12345", url, fields) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize(
    ("event", "code", "becomes", "trouble"),
    [
        ("sent", "", "sent", ""),
        ("queued", "", "uncertain", ""),
        ("delivered", "", "delivered", ""),
        ("undelivered", "30005", "failed", "wrong_number"),
        ("failed", "21610", "failed", "opted_out"),
        ("failed", "30008", "failed", "refused"),
        ("failed", "30001", "failed", "refused"),
    ],
)
def test_twilio_calls_back(event: str, code: str, becomes: str, trouble: str) -> None:
    """https://www.twilio.com/docs/messaging/guides/track-outbound-message-status"""
    found = message("uncertain", channel="sms")
    fields = {"MessageSid": "SM1", "MessageStatus": event, "To": NUMBER} | ({"ErrorCode": code} if code else {})
    answer = twilio_post(fields, found)
    assert (answer.status_code, answer.content) == (204, b""), "a text would go out as an SMS"
    row = Message.objects.get()
    assert (row.status, row.trouble) == (becomes, trouble)


def test_twilios_signature_covers_the_address_and_every_field() -> None:
    found, other = message(channel="sms"), message(channel="sms")
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    signature = twilio.signature("12345", f"http://testserver/hooks/twilio/?ref={found.reference}", fields)
    headers = {"X-Twilio-Signature": signature}
    for path, sent in (
        (f"/hooks/twilio/?ref={other.reference}", fields),
        (f"/hooks/twilio/?ref={found.reference}", {**fields, "MessageStatus": "read"}),
        (f"/hooks/twilio/?ref={found.reference}", {**fields, "More": "1"}),
    ):
        assert Client().post(path, urlencode(sent), content_type=FORM, headers=headers).status_code == 403


# --- E-mail -------------------------------------------------------------------------------------------------


def mail(said: Any, key: str = "mail-hook-secret") -> Any:
    body = json.dumps(said)
    headers = {"X-Signature": "sha256=" + hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()}
    return Client().post("/hooks/email/", body, content_type="application/json", headers=headers)


def test_bounces_by_message_id_or_reference(stops: list[outbox.Stop]) -> None:
    """The form of accounts.hooks.email, which the README shows."""
    gone, full, fine = (message(channel="email", to="a@example.in") for _ in range(3))
    answer = mail(
        [
            {"event": "bounced", "message_id": f"<{gone.reference}@ledger.example.in>", "reason": "550 no\nmailbox"},
            {"event": "bounced", "reference": str(full.reference), "permanent": False, "reason": "452 full"},
            {"event": "delivered", "reference": str(fine.reference), "at": timezone.now().isoformat()},
            {"event": "complained", "address": "a@example.in"},
        ]
    )
    assert answer.status_code == 200
    rows = [Message.objects.get(pk=one.pk) for one in (gone, full, fine)]
    assert [(row.status, row.trouble, row.error) for row in rows] == [
        ("failed", "wrong_number", "550 no mailbox"),
        ("sent", "", ""),
        ("delivered", "", ""),
    ]
    assert [(stop.channel, stop.address) for stop in stops] == [("email", "a@example.in")]
    for nonsense in (5, "x", [5], {"message_id": "x"}, {"event": "bounced", "at": "yesterday"}):
        assert mail(nonsense).status_code == 400


# --- STOP ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "wanted"),
    [("STOP", True), (" stop. ", True), ("बंद करें", True), ("Start", False), ("stop that invoice", None), ("ok", None)],
)
def test_stop_is_heard_from_whatsapp_and_sms(stops: list[outbox.Stop], words: str, wanted: bool | None) -> None:
    at = str(int(timezone.now().timestamp()))
    base = {"from": "919812345678", "id": "wamid.2", "timestamp": at}
    whatsapp(messages=[{**base, "type": "text", "text": {"body": words}}])
    whatsapp(messages=[{**base, "type": "button", "button": {"text": words, "payload": "x"}}])
    whatsapp(messages=[{**base, "type": "image", "image": {"caption": words}}])
    twilio_post({"From": NUMBER, "Body": words, "MessageSid": "SM1"})
    msg91(urlencode({"mobile": "919812345678", "content": words}))
    expected = (
        [] if wanted is None else [(channel, NUMBER, wanted) for channel in ("whatsapp", "whatsapp", "sms", "sms")]
    )
    assert [(stop.channel, stop.address, stop.is_stop) for stop in stops] == expected


def test_what_a_fault_leaves_undone_is_done_when_the_provider_sends_it_again(
    stops: list[outbox.Stop], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(stop: outbox.Stop) -> None:
        raise RuntimeError("the list is away")

    found = message()
    text = {"from": "919812345678", "id": "wamid.2", "type": "text", "text": {"body": "STOP"}}
    with monkeypatch.context() as away:
        away.setattr(outbox, "_stops", [broken])
        with pytest.raises(RuntimeError), transaction.atomic():
            whatsapp(status(found, "read"), messages=[text])
    assert (Message.objects.get(pk=found.pk).status, stops) == ("sent", [])
    for _again in range(2):
        assert whatsapp(status(found, "read"), messages=[text]).status_code == 200
    assert (status_of(found), {stop.address for stop in stops}) == ("read", {NUMBER})


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_bodies_that_name_the_same_messages_in_another_order_do_not_lock_each_other_out() -> None:
    """PostgreSQL would end one of the two as a deadlock: both the messages' rows and the shops' quotas are locked."""
    shops = [factories.make_business() for _ in range(8)]
    found = [
        message(business=shop, fallback=[["sms", NUMBER]], reference=uuid.UUID(int=n + 1))
        for n, shop in enumerate(shops)
    ]
    failed = [status(one, "failed", errors=[{"code": 131026, "title": "Undeliverable"}]) for one in found]

    def post(n: int) -> int:
        return int(whatsapp(*(failed if n % 2 else failed[::-1])).status_code)

    assert in_parallel(post, 6) == [200] * 6
    assert [status_of(one) for one in found] == ["failed"] * 8
    assert sorted(Message.objects.filter(follows__in=found).values_list("follows_id", flat=True)) == [
        one.pk for one in found
    ]


# --- Signed nonsense ----------------------------------------------------------------------------------------

ODD = ["a\0b", "\ud800", "9" * 5000, "9" * 18, 10**30, float("inf"), [], {"a": 1}, None, "0001-01-01T00:00:00+05:30"]
DEEP = "[" * 10_000


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
def test_an_odd_value_in_any_field_of_a_signed_report_is_no_fault_of_ours(odd: Any, stops: list[outbox.Stop]) -> None:
    by_sms = message(provider="msg91", channel="sms", provider_id="3768a1")
    said = {"from": NUMBER[1:], "type": "text", "text": {"body": "STOP"}, "timestamp": "1700000000"}
    error = {"code": 1, "title": "x"}
    bounce = {"event": "bounced", "message_id": f"<{message(channel='email').reference}@x>", "reason": "", "at": ""}
    answers = [
        whatsapp(status("nobody", "read") | {key: odd}) for key in ("id", "timestamp", "biz_opaque_callback_data")
    ]
    answers += [whatsapp(status(message(), "failed", errors=[error | {key: odd}])) for key in error]
    answers += [whatsapp(messages=[said | {key: odd}]) for key in said]
    answers += [mail(bounce | {key: odd}) for key in ("message_id", "reason", "at")]
    codes = [answer.status_code for answer in answers]
    report = {"status": "2", "CRQID": str(by_sms.reference), "desc": "x"}
    keys = ("requestId", "desc", "failedReason", "date", "status", "report", "CRQID")
    codes += [msg91(json.dumps(report | {key: odd})) for key in keys]
    failed = {"MessageStatus": "failed", "ErrorCode": "30003", "MessageSid": "SM1"}
    plain = str(odd).encode(errors="replace").decode()
    codes += [twilio_post(failed | {key: plain}, message(channel="sms")).status_code for key in failed]
    assert set(codes) <= {200, 204, 400}


def test_ten_thousand_brackets_are_refused_in_peace() -> None:
    assert [msg91(text) for text in (DEEP, f"data={DEEP}", DEEP + "]" * 10_000)] == [400] * 3
    for path, header, key in (
        ("whatsapp", "X-Hub-Signature-256", b"whatsapp-app-secret"),
        ("email", "X-Signature", b"mail-hook-secret"),
    ):
        headers = {header: "sha256=" + hmac.new(key, DEEP.encode(), hashlib.sha256).hexdigest()}
        assert (
            Client().post(f"/hooks/{path}/", DEEP, content_type="application/json", headers=headers).status_code == 400
        )


def test_a_stop_from_what_can_be_no_address_is_passed_over() -> None:
    for address in ("9" * 5000, "+91\0", "\ud800"):
        optouts.record(outbox.Stop("sms", address, "twilio", timezone.now()))
    assert not OptOut.objects.exists()


def test_a_gateways_words_that_no_database_takes_cost_no_other_message_its_record() -> None:
    good, evil, sent = (message("sending") for _ in range(3))
    refused = GatewayError("bad \0 and \ud800", Message.Trouble.REFUSED)
    delivery.record([delivery.Outcome(good, "sent", "whatsapp", "wamid.1"), delivery._refusal(evil, refused)])
    Recording.provider_id = "wamid\0\ud800"
    try:
        waiting = message("queued", attempts=0)
        assert delivery.deliver(waiting.pk)
    finally:
        Recording.provider_id = ""
    assert [status_of(one) for one in (good, evil, sent, waiting)] == ["sent", "failed", "sending", "sent"]
