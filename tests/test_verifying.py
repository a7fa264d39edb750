"""The short address on a paper: what it confirms, what it never tells, and who cannot guess it."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localtime

from accounts import parties
from accounts.india import show_date
from accounts.models import LimitCounter
from ledger import billing, drafting, facts, paper, posting, verifying
from ledger.models import Invoice, InvoiceLine, LinkOpen, ShareLink
from portal.views.verifying import MOST_WRONG_AN_HOUR
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def party():
    shop = make.make_business(
        "Ram Kirana",
        upi_id="ram@okaxis",
        bank_name="State Bank",
        bank_account="012345678901",
        bank_ifsc="SBIN0001234",
        phone="+912024451234",
    )
    return make.make_party(shop, make.new_phone(), "Shree Ganesh", city="Nashik", email="ganesh@example.com")


def text_of(invoice, **query):
    answer = Client().get(verifying.path(invoice), query)
    assert answer.status_code == 200
    return answer.content.decode()


# --- What it confirms ---------------------------------------------------------------------------------------


def test_an_invoice_that_stands_is_confirmed_with_number_date_total_shop_and_hash(party):
    invoice = make.make_invoice(party, paise=1180_00)
    text = text_of(invoice)
    assert "This invoice stands" in text
    for words in (invoice.number, "₹1,180.00", "Ram Kirana", verifying.short_hash(invoice.facts_hash)):
        assert words in text
    assert verifying.short_hash("0123456789abcdef") == "0123 4567 89ab"


def test_it_names_the_details_to_pay_to(party):
    text = text_of(make.make_invoice(party))
    assert "Pay only to these" in text
    for words in ("ram@okaxis", "012345678901", "SBIN0001234", "State Bank"):
        assert words in text
    assert "has changed this" not in text
    assert "no longer takes" not in text
    assert "upi://" not in text


def test_details_that_are_others_than_at_issue_are_named_and_only_those_of_today_are_shown(party):
    invoice = make.make_invoice(party)
    type(party.business).objects.filter(pk=party.business_id).update(upi_id="newram@ybl", bank_account="999988887777")
    text = text_of(invoice)
    assert "The shop has changed this since the paper was issued:</strong> UPI id, Account number." in text
    assert "newram@ybl" in text
    assert "999988887777" in text
    assert "ram@okaxis" not in text
    assert "012345678901" not in text


def test_details_the_shop_gave_up_are_named(party):
    invoice = make.make_invoice(party)
    type(party.business).objects.filter(pk=party.business_id).update(upi_id="")
    text = text_of(invoice)
    assert "The shop no longer takes money by this:</strong> UPI id." in text
    assert "ram@okaxis" not in text
    type(party.business).objects.filter(pk=party.business_id).update(bank_account="", bank_ifsc="")
    assert "Ask the shop how to pay." in text_of(invoice)


def test_details_that_came_later_are_no_change_of_what_the_paper_says():
    shop = make.make_business("New")
    invoice = make.make_invoice(make.make_party(shop))
    assert "Pay only to these" not in text_of(invoice)
    type(shop).objects.filter(pk=shop.pk).update(upi_id="new@ybl")
    text = text_of(invoice)
    assert "new@ybl" in text
    assert "has changed this" not in text


def cancelled(party):
    invoice = make.make_invoice(party)
    posting.cancel_invoice(invoice, make.make_user(), "secret reason")
    return invoice


def replaced(party):
    invoice = make.make_invoice(party)
    right = drafting.Draft(party, invoice.issued_on, invoice.due_on, [make.line("Sugar", paise=41_00)])
    billing.amend(invoice, right, make.make_user(), reason="slip")
    return invoice


def credited_in_part(party):
    invoice = make.make_invoice(party, paise=100_00)
    make.make_credit_note(original=invoice, paise=40_00)
    return invoice


def credited_in_full(party):
    invoice = make.make_invoice(party, paise=100_00)
    make.make_credit_note(original=invoice, paise=60_00)
    make.make_credit_note(original=invoice, paise=40_00)
    return invoice


def credit_note(party):
    return make.make_credit_note(original=make.make_invoice(party))


def cancelled_note(party):
    note = credit_note(party)
    posting.cancel_invoice(note, make.make_user(), "wrong")
    return note


@pytest.mark.parametrize(
    ("made", "heading", "pays"),
    [
        (cancelled, "This paper was cancelled", False),
        (replaced, "This paper was cancelled", False),
        (credited_in_part, "This invoice was credited in part", True),
        (credited_in_full, "This invoice was credited in full", False),
        (credit_note, "This credit note stands", False),
        (cancelled_note, "This paper was cancelled", False),
    ],
)
def test_what_became_of_it_is_said_first_and_nothing_is_paid_on_what_does_not_stand(party, made, heading, pays):
    text = text_of(made(party))
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", text) == [heading]
    assert ("ram@okaxis" in text) is pays
    assert "secret reason" not in text
    assert "slip" not in text


def test_a_cancelled_one_says_when_and_a_replaced_one_that_there_is_a_newer(party):
    invoice = cancelled(party)
    invoice.refresh_from_db()
    assert f"The shop cancelled it on {show_date(localtime(invoice.cancelled_at).date())}." in text_of(invoice)
    assert "A newer invoice took its place" not in text_of(invoice)
    old = replaced(party)
    assert "A newer invoice took its place" in text_of(old)
    assert old.replaced_by.get().number not in text_of(old)


def test_one_replaced_by_credit_says_so(party):
    invoice = make.make_invoice(party, paise=100_00)
    make.make_credit(invoice)
    Invoice.objects.filter(pk=make.make_draft(party).pk).update(replaces=invoice)
    newer = Invoice.objects.get(replaces=invoice)
    assert "This invoice was credited in full" in text_of(invoice)  # a draft replaces nothing yet
    posting.issue(newer, None)
    assert "This invoice was replaced" in text_of(invoice)


def test_rows_that_were_changed_behind_the_triggers_are_not_confirmed(party):
    invoice = make.make_invoice(party, paise=4321_00)
    honest = InvoiceLine.objects.get(invoice=invoice)
    found = verifying.read(verifying.token(invoice))
    found.total_paise += 1
    answer = verifying.answer(found)
    assert (answer.tone, answer.agrees, answer.pay) == ("bad", False, [])
    assert answer.heading == "This document cannot be confirmed"
    assert facts.hash_of(invoice, [honest]) == invoice.facts_hash


@pytest.mark.broken_book
def test_the_page_of_one_that_does_not_agree_confirms_no_figure_and_no_account(party):
    invoice = make.make_invoice(party, paise=4321_00)
    with connection.cursor() as cursor:
        for name in triggers_of("ledger_invoice"):
            cursor.execute(drop_trigger(name, "ledger_invoice"))
        cursor.execute("UPDATE ledger_invoice SET notes = 'forged' WHERE id = %s", [invoice.pk])
    text = text_of(invoice)
    assert "This document cannot be confirmed" in text
    for words in ("4,321", invoice.number, "ram@okaxis", "012345678901", "<form"):
        assert words not in text


def triggers_of(table):
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [table])
        return [row[0] for row in cursor.fetchall()]


def drop_trigger(name, table):
    return f'DROP TRIGGER "{name}"' + ("" if connection.vendor == "sqlite" else f" ON {table}")


# --- What it never tells ------------------------------------------------------------------------------------


def test_nothing_of_the_buyer_the_lines_or_the_balance(party):
    invoice = make.make_invoice(party, lines=[make.line("Saffron", paise=500_00)], notes="Two sacks", reference="PO-7")
    make.make_payment(party, 123_00, reference="UTR0001")
    text = text_of(invoice)
    for private in ("Shree", "Ganesh", "Nashik", "Saffron", "Two sacks", "PO-7", "123.00", "377.00", "UTR0001"):
        assert private not in text
    for private in (party.public_id, str(party.people.get().phone)[3:], "ganesh@example.com"):
        assert private not in text


def test_it_works_without_a_share_link_and_after_sharing_stopped(party):
    invoice = make.make_invoice(party)
    assert not ShareLink.objects.exists()
    parties.set_shared(party, False, make.make_user())
    assert "This invoice stands" in text_of(invoice)


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_and_comparing_change_nothing_and_leave_no_cookie(party, method):
    path = verifying.path(make.make_invoice(party))
    with CaptureQueriesContext(connection) as queries:
        answer = getattr(Client(), method)(path, {"total": "5", "date": "2026-11-22"})
    assert answer.status_code == 200
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    assert (Session.objects.count(), LinkOpen.objects.count(), LimitCounter.objects.count()) == (0, 0, 0)
    assert dict(answer.cookies) == {}
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize("number_of_lines", [1, 3])
def test_it_costs_two_queries(party, number_of_lines):
    path = verifying.path(make.make_invoice(party, lines=[make.line() for _ in range(number_of_lines)]))
    with CaptureQueriesContext(connection) as queries:
        Client().get(path)
    assert len(queries) == 2


def test_a_form_is_never_posted_to_it(party):
    assert Client().post(verifying.path(make.make_invoice(party))).status_code == 405


# --- Who cannot guess it ------------------------------------------------------------------------------------


def test_every_changed_letter_is_404(party):
    path = verifying.path(make.make_invoice(party))
    token = path.removeprefix("/v/")
    assert len(token) == 23
    for at in range(23):
        other = "1" if token[at] != "1" else "2"
        assert Client().get(f"/v/{token[:at]}{other}{token[at + 1 :]}").status_code == 404


def test_the_seal_of_one_paper_does_not_fit_another(party):
    first, second = (verifying.token(make.make_invoice(party)) for _ in range(2))
    assert Client().get(f"/v/{first[:12]}{second[12:]}").status_code == 404


def test_a_token_of_another_kind_is_none_here(party):
    invoice = make.make_invoice(party)
    assert Client().get(f"/i/{verifying.token(invoice)}").status_code == 404


@pytest.mark.parametrize("text", ["x", "0" * 23, "z" * 24, "%E2%82%B9" * 23, "'" * 23, "%00" * 23])
def test_what_is_no_token_is_404(text):
    assert Client().get(f"/v/{text}").status_code == 404


def test_drafts_and_closed_shops_are_404_as_what_never_was(party):
    draft = make.make_invoice(party, issued=False)
    assert verifying.slot(draft) is None
    assert Client().get(f"/v/{verifying.token(draft)}").status_code == 404
    invoice = make.make_invoice(party)
    type(party.business).objects.update(is_active=False)
    assert Client().get(verifying.path(invoice)).status_code == 404


def test_an_older_key_still_reads_what_it_signed(party, settings):
    invoice = make.make_invoice(party)
    old = verifying.path(invoice)
    settings.LINK_KEYS = ["k" * 40, *settings.LINK_KEYS]
    assert verifying.path(invoice) != old
    assert "This invoice stands" in Client().get(old).content.decode()
    settings.LINK_KEYS = ["k" * 40]
    assert Client().get(old).status_code == 404


def test_who_guesses_is_told_to_stop_and_a_real_paper_still_opens(party):
    client = Client()
    for _ in range(MOST_WRONG_AN_HOUR):
        assert client.get(f"/v/{'0' * 23}").status_code == 404
    assert client.get(f"/v/{'0' * 23}").status_code == 429
    assert client.get(verifying.path(make.make_invoice(party))).status_code == 200


# --- Comparing ----------------------------------------------------------------------------------------------


def test_a_paper_that_agrees_and_one_that_does_not(party):
    invoice = make.make_invoice(party, paise=1180_00)
    day = f"{invoice.issued_on:%Y-%m-%d}"
    assert "Your paper agrees:" in text_of(invoice, total="1,180.00", date=day)
    text = text_of(invoice, total="2180", date=day)
    assert "Your paper differs." in text
    assert "Total: your paper says ₹2,180.00, the shop’s book says ₹1,180.00." in text
    assert "Date: your paper" not in text
    assert "Date: your paper says 1 Apr 2026" in text_of(invoice, total="1180", date="2026-04-01")


@pytest.mark.parametrize(("total", "date"), [("", ""), ("lots", "2026-11-22"), ("5", "31/31/2026"), ("-1", "x")])
def test_what_cannot_be_read_is_asked_for_again(party, total, date):
    text = text_of(make.make_invoice(party), total=total, date=date)
    assert "errorlist" in text
    assert "Your paper" in text
    assert "agrees:" not in text
    assert "differs." not in text


def test_what_is_typed_is_text(party):
    assert "<script>alert" not in text_of(
        make.make_invoice(party), total="<script>alert(1)</script>", date="x", lang="<b>"
    )


# --- On the paper -------------------------------------------------------------------------------------------


def test_every_issued_paper_carries_its_address_code_and_hash(party, settings):
    settings.SITE_URL = "https://ledger.example.in"
    invoice = make.make_invoice(party)
    slot = paper.context_of(invoice)["verify"]
    assert slot["url"] == f"https://ledger.example.in/v/{verifying.token(invoice)}"
    assert slot["qr"].startswith("data:image/svg+xml")
    assert slot["hash"] == verifying.short_hash(invoice.facts_hash)
    assert paper.context_of(make.make_draft(party))["verify"] is None
