"""Sharing: the dialogs, sending by channel, revoking, stopping."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts import outbox
from accounts.idempotency import new_key
from accounts.india import show_date, today
from accounts.models import Activity, Message
from accounts.money import rs
from ledger import links
from ledger.models import LinkOpen, ShareLink
from tests.factories import (
    make_business,
    make_credit_note,
    make_invoice,
    make_party,
    make_payment,
    make_user,
    merchant_client,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram")


@pytest.fixture
def client(owner):
    return merchant_client(owner)


@pytest.fixture
def party(shop):
    return make_party(shop, "+919876543210", "Shree Ganesh")


@pytest.fixture
def invoice(party):
    return make_invoice(party, paise=118_000_00)


def share(invoice):
    return f"/m/ram/invoices/{invoice.public_id}/share/"


def portal(party):
    return f"/m/ram/parties/{party.public_id}/share/"


def test_looking_makes_no_link_and_posting_makes_one_and_the_same(client, invoice):
    assert client.get(share(invoice)).context["panel"] is None
    assert ShareLink.objects.count() == 0
    assert client.post(share(invoice)).headers["Location"] == share(invoice)
    client.post(share(invoice))
    assert ShareLink.objects.count() == 1


def test_the_dialog_shows_the_message_as_it_will_be_sent_and_every_way_to_send_it(client, invoice, settings):
    settings.SITE_URL = "https://ledger.example.in"
    client.post(share(invoice))
    panel = client.get(share(invoice), headers={"host": "127.0.0.1"}).context["panel"]
    address = links.url(ShareLink.objects.get())
    assert address.startswith("https://ledger.example.in/i/")
    assert panel.url == address
    assert panel.text.startswith(f"Your invoice {invoice.number} from Ram Kirana: Rs. 1,18,000.00, due on ")
    assert panel.text.endswith(address)
    assert panel.wa_me.startswith("https://wa.me/919876543210?text=Your%20invoice")
    assert panel.qr.startswith("<svg")
    assert "style=" not in panel.qr


def test_the_dialog_says_the_whole_number_it_goes_to_and_the_invoice_page_the_masked_one(client, invoice):
    client.post(share(invoice))
    assert 'We send it to <strong class="num">+91 98765 43210</strong>' in client.get(share(invoice)).content.decode()
    page = client.get(f"/m/ram/invoices/{invoice.public_id}/").content.decode()
    assert 'We send it to <strong class="num">+91 98•••• 3210</strong>' in page


def test_the_text_asks_for_no_more_than_is_due_once_an_advance_went_towards_it(client, party):
    make_payment(party, 150_00)
    covered, part, new = [make_invoice(party, paise=100_00) for _ in range(3)]
    texts = []
    for one in (covered, part, new):
        client.post(share(one))
        texts.append(client.get(share(one)).context["panel"].text.partition(". Open it")[0])
    assert texts == [
        f"Your invoice {covered.number} from Ram Kirana: Rs. 100.00, nothing is due on it",
        f"Your invoice {part.number} from Ram Kirana: Rs. 100.00. Still due: Rs. 50.00",
        f"Your invoice {new.number} from Ram Kirana: Rs. 100.00, due on {show_date(new.due_on)}",
    ]


def test_what_is_paid_before_the_message_leaves_is_asked_for_no_more(client, party, django_assert_num_queries):
    """The text is made at delivery: all of a batch by one query."""
    bills = [make_invoice(party, paise=paise) for paise in (100_00, 200_00)]
    for one in bills:
        client.post(share(one), {"channel": "sms", "form_key": new_key()})
    make_payment(party, 130_00)
    found = list(Message.objects.select_related("business__sender").order_by("pk"))
    with django_assert_num_queries(1):
        texts = outbox.kinds["invoice_share"].texts(found)
    bodies = [text.body.partition(". See it here")[0] for message in found if (text := texts[message.pk])]
    assert bodies == [
        f"Ram Kirana: invoice {bills[0].number} of Rs. 100.00, nothing is due",
        f"Ram Kirana: invoice {bills[1].number} of Rs. 200.00, still due: Rs. 170.00",
    ]


def test_the_first_way_that_is_open_stands_out(client, shop, invoice):
    by_mail = make_invoice(make_party(shop, email="shop@example.in"))
    for one, best in ((invoice, "whatsapp"), (by_mail, "email")):
        client.post(share(one))
        assert client.get(share(one)).context["panel"].best == best


def test_whatsapp_queues_one_message_and_a_double_click_no_second(client, invoice, party):
    data = {"channel": "whatsapp", "form_key": new_key()}
    client.post(share(invoice), data)
    client.post(share(invoice), data)
    message = Message.objects.get()
    assert (message.channel, message.to, message.kind, message.status) == (
        "whatsapp",
        "+919876543210",
        "invoice_share",
        "queued",
    )
    assert message.subject_id == str(ShareLink.objects.get().pk)


def test_the_same_page_may_send_by_another_channel_as_well(client, invoice):
    key = new_key()
    for channel in ("whatsapp", "sms"):
        client.post(share(invoice), {"channel": channel, "form_key": key})
    assert set(Message.objects.values_list("channel", flat=True)) == {"whatsapp", "sms"}


def test_the_portal_link_is_shared_the_same_way(client, party):
    client.post(portal(party), {"channel": "sms", "form_key": new_key()})
    link = ShareLink.objects.get()
    assert (link.kind, link.invoice, link.expires_at) == ("portal", None, None)
    assert Message.objects.get().kind == "portal_share"


def test_a_channel_without_address_is_shut_with_its_reason_and_refused_if_posted(client, shop):
    invoice = make_invoice(make_party(shop, email="shop@example.in"))
    client.post(share(invoice))
    channels = client.get(share(invoice)).context["panel"].channels
    assert [(channel.key, channel.refused) for channel in channels] == [
        ("whatsapp", "no mobile number saved"),
        ("sms", "no mobile number saved"),
        ("email", ""),
    ]
    response = client.post(share(invoice), {"channel": "sms", "form_key": new_key()})
    assert response.status_code == 400
    assert response.context["error"] == "This party has no mobile number. Add one to the party first."
    assert Message.objects.count() == 0


def test_an_unknown_channel_is_refused(client, invoice):
    response = client.post(share(invoice), {"channel": "pigeon", "form_key": new_key()})
    assert response.status_code == 400
    assert response.context["error"] == "Choose WhatsApp, SMS or e-mail."


def test_a_draft_cannot_be_shared(client, party):
    draft = make_invoice(party, issued=False)
    response = client.post(share(draft), {"channel": "whatsapp", "form_key": new_key()})
    assert response.status_code == 400
    assert response.context["error"] == "A draft cannot be shared. Issue the invoice first."
    assert (ShareLink.objects.count(), Message.objects.count()) == (0, 0)


def test_a_credit_note_is_shared_in_its_own_words_without_a_due_date(client, party):
    note = make_credit_note(party)
    assert client.post(share(note)).status_code == 302
    link = ShareLink.objects.get()
    assert link.invoice == note
    text = client.get(share(note)).context["panel"].text
    amount = rs(note.total_paise)
    words = f"Your credit note {note.number} from Ram Kirana: {amount}. Open it to see or download it."
    assert text == f"{words}\n{links.url(link)}"


def test_an_advance_that_went_towards_a_bill_is_named_behind_its_link(party, owner):
    make_payment(party, 1_500_00, on=today() - dt.timedelta(days=3), by=owner)
    whole, partly = (make_invoice(party, paise=1_000_00) for _ in range(2))
    pages = [Client().get(links.path(links.for_invoice(one, owner))).content.decode() for one in (whole, partly)]
    assert [page.count("Paid in advance") for page in pages] == [1, 1]


def test_what_is_paid_after_the_bill_is_no_advance(invoice, party, owner):
    make_payment(party, 100_00, by=owner)
    page = Client().get(links.path(links.for_invoice(invoice, owner))).content.decode()
    assert ("Settled so far" in page, "Paid in advance" in page) == (True, False)


def test_too_many_messages_are_answered_with_429(client, invoice):
    for _ in range(20):
        client.post(share(invoice), {"channel": "sms", "form_key": new_key()})
    response = client.post(share(invoice), {"channel": "sms", "form_key": new_key()})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert Message.objects.count() == 20


def test_a_revoked_link_is_over_and_the_next_share_makes_a_fresh_one(client, invoice, owner):
    client.post(share(invoice))
    link = ShareLink.objects.get()
    address = f"/m/ram/links/{link.public_id}/revoke/"
    assert client.post(address).headers["Location"] == f"/m/ram/invoices/{invoice.public_id}/"
    client.post(address)
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert Activity.objects.filter(verb="link_revoked", actor=owner).count() == 1
    client.post(share(invoice))
    assert ShareLink.objects.live().get() != link


def test_revoking_leaves_other_links_alone(client, invoice, party):
    client.post(share(invoice))
    client.post(portal(party))
    link = ShareLink.objects.get(kind="invoice")
    client.post(f"/m/ram/links/{link.public_id}/revoke/")
    assert ShareLink.objects.live().get().kind == "portal"


def test_a_link_of_another_shop_cannot_be_revoked(client, shop):
    link = links.for_invoice(make_invoice(make_party(make_business())), None)
    assert client.post(f"/m/ram/links/{link.public_id}/revoke/").status_code == 404
    link.refresh_from_db()
    assert link.revoked_at is None


def test_stopping_ends_every_link_and_starting_revives_none(client, invoice, party):
    client.post(share(invoice))
    client.post(portal(party))
    address = f"/m/ram/parties/{party.public_id}/sharing/"
    client.post(address, {"do": "stop"})
    assert ShareLink.objects.live().count() == 0
    refused = client.post(share(invoice))
    assert refused.status_code == 400
    assert refused.context["error"] == "You have stopped sharing with this party. Start sharing again first."
    client.post(address, {"do": "start"})
    assert ShareLink.objects.live().count() == 0
    assert client.post(share(invoice)).status_code == 302
    assert ShareLink.objects.live().count() == 1


def test_sharing_needs_a_clear_word(client, party):
    assert client.post(f"/m/ram/parties/{party.public_id}/sharing/", {"do": "perhaps"}).status_code == 400


def test_ending_sessions_ends_links_too(client, invoice, party):
    client.post(share(invoice))
    client.post(f"/m/ram/parties/{party.public_id}/sessions/end/")
    party.refresh_from_db()
    assert (party.access_version, party.is_shared, ShareLink.objects.live().count()) == (2, True, 0)


@pytest.mark.parametrize(
    "name", ["party_sharing", "party_end_sessions", "person_add", "person_remove", "invoice_issue", "link_revoke"]
)
def test_what_acts_is_not_done_by_looking(client, party, invoice, owner, name):
    from django.urls import reverse

    link = links.for_invoice(invoice, owner)
    kwargs = {"party": party.public_id} if name.startswith(("party", "person")) else {}
    kwargs |= {"invoice": invoice.public_id} if name.startswith("invoice") else {}
    kwargs |= {"link": link.public_id} if name.startswith("link") else {}
    address = reverse(f"ledger:{name}", kwargs={"slug": "ram"} | kwargs)
    assert (client.get(address).status_code, client.head(address).status_code) == (405, 405)
    assert ShareLink.objects.live().count() == 1


# --- what happened ------------------------------------------------------------------------------------------


def trail(client, invoice):
    response = client.get(f"/m/ram/invoices/{invoice.public_id}/")
    return [(event.text, event.detail, event.tone) for event in response.context["trail"]]


def test_the_trail_tells_what_happened_newest_first(client, invoice, party, owner):
    client.post(share(invoice), {"channel": "whatsapp", "form_key": new_key()})
    message = Message.objects.get()
    assert ("Waiting to be sent by WhatsApp", "+91 98•••• 3210", "wait") in trail(client, invoice)
    Message.objects.filter(pk=message.pk).update(status="sent", sent_at=timezone.now())
    link = ShareLink.objects.get()
    LinkOpen.objects.create(business=invoice.business, link=link, event="opened", device="Chrome, Android")
    LinkOpen.objects.create(business=invoice.business, link=link, event="logged_in", device="Chrome, Android")
    assert [text for text, _detail, _tone in trail(client, invoice)] == [
        "Logged in to the portal",
        "Opened",
        "Sent by WhatsApp",
        "Issued",
        "Draft made",
    ]
    ladder = client.get(f"/m/ram/invoices/{invoice.public_id}/").context["ladder"]
    reached = [rung.name for rung in ladder if rung.when]
    assert reached == ["Sent", "Opened", "Logged in"]
    assert [rung.name for rung in ladder if not rung.when] == ["Delivered", "PDF saved", "Paid"]


def test_paid_is_a_rung_only_when_money_has_settled_it_whole(client, invoice, party):
    client.post(share(invoice))

    def paid():
        ladder = client.get(f"/m/ram/invoices/{invoice.public_id}/").context["ladder"]
        return [bool(rung.when) for rung in ladder if rung.name == "Paid"]

    make_payment(party, 18_000_00)
    assert paid() == [False]
    make_payment(party, 100_000_00)
    assert paid() == [True]
    note = make_credit_note(original=make_invoice(party))
    client.post(share(note))
    ladder = client.get(f"/m/ram/invoices/{note.public_id}/").context["ladder"]
    assert "Paid" not in [rung.name for rung in ladder]


def test_a_failed_message_says_why(client, invoice):
    client.post(share(invoice), {"channel": "sms", "form_key": new_key()})
    Message.objects.update(status="failed", error="Number not reachable")
    assert ("Not sent by SMS", "+91 98•••• 3210 · Number not reachable", "fail") in trail(client, invoice)


def test_the_trail_of_one_invoice_holds_nothing_of_another(client, invoice, party):
    other = make_invoice(party)
    client.post(share(other), {"channel": "sms", "form_key": new_key()})
    assert [text for text, _detail, _tone in trail(client, invoice)] == ["Issued", "Draft made"]


def test_the_cockpit_shows_live_links_with_their_opens(client, invoice, party):
    client.post(share(invoice))
    client.post(portal(party))
    link = ShareLink.objects.get(kind="invoice")
    for _ in range(2):
        LinkOpen.objects.create(business=invoice.business, link=link, event="opened", device="Chrome, Android")
    rows = client.get(f"/m/ram/parties/{party.public_id}/").context["links"]
    assert [row.title for row in rows] == ["Party portal", f"Invoice {invoice.number}"]
    assert rows[0].opens == "Not opened yet"
    assert rows[1].opens.startswith("Opened 2×, last ")


def test_what_cannot_go_the_chosen_way_goes_the_next_but_never_to_another_kind_of_address(client, shop):
    party = make_party(shop, "+919876500009", email="shop@example.in")
    invoice = make_invoice(party)
    for channel in ("whatsapp", "sms", "email"):
        client.post(share(invoice), {"channel": channel, "form_key": new_key()})
    by_email = ["email", "shop@example.in"]
    assert dict(Message.objects.values_list("channel", "fallback")) == {
        "whatsapp": [["sms", "+919876500009"], by_email],
        "sms": [by_email],
        "email": [],
    }


def test_the_dialog_says_how_long_an_sms_it_is(client, invoice, settings):
    settings.SITE_URL = settings.LINK_URL = "https://slg.in"
    client.post(share(invoice))
    page = client.get(share(invoice)).content.decode()
    assert re.search(r"By SMS it has 1[0-5]\d letters: 1 SMS\.", page)
    settings.LINK_URL = "https://a-very-long-host-name-of-a-shop.example.in"
    assert re.search(r"By SMS it has 1[6-9]\d letters: 2 SMS\.", client.get(share(invoice)).content.decode())
