"""The short address on a paper: what it confirms, what it never tells, and who cannot guess it."""

import datetime as dt
import re
from dataclasses import replace

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.timezone import localtime

from accounts import limits, parties
from accounts.india import show_date, today
from accounts.models import LimitCounter
from ledger import (
    billing,
    confirming,
    drafting,
    facts,
    links,
    paper,
    posting,
    receipts,
    statement_facts,
    statement_paper,
    statements,
    verifying,
)
from ledger.models import Invoice, InvoiceLine, LinkOpen, ShareLink
from ledger.statements import Period
from portal.views.verifying import HOUR, MOST_COMPARED_AN_HOUR, MOST_LOOKS_AN_HOUR, MOST_WRONG_AN_HOUR
from tests import factories as make

pytestmark = pytest.mark.django_db

APRIL = Period(dt.date(2026, 4, 1), dt.date(2026, 4, 30))


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


def text_of(paper, **query):
    where = paper if isinstance(paper, str) else verifying.path(paper)
    answer = Client().get(where, query)
    assert answer.status_code == 200
    return answer.content.decode()


def compared(paper, **typed):
    """(status, text) after typing what stands on somebody's paper."""
    where = paper if isinstance(paper, str) else verifying.path(paper)
    answer = Client(enforce_csrf_checks=True).post(where, typed)
    assert dict(answer.cookies) == {}
    return answer.status_code, answer.content.decode()


# --- What it confirms ---------------------------------------------------------------------------------------


def test_an_invoice_that_stands_is_confirmed_with_number_date_total_shop_and_hash(party):
    invoice = make.make_invoice(party, paise=1180_00)
    text = text_of(invoice)
    assert "This invoice is genuine" in text
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
        (credit_note, "This credit note is genuine", False),
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
    found = confirming._invoice(invoice.public_id)
    found.total_paise += 1
    answer = confirming.of_invoice(found)
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
    assert "This invoice is genuine" in text_of(invoice)


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing_and_leaves_no_cookie(party, method):
    path = verifying.path(make.make_invoice(party))
    with CaptureQueriesContext(connection) as queries:
        answer = getattr(Client(), method)(path)
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
    assert "This invoice is genuine" in Client().get(old).content.decode()
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
    for typed in ({"total": "1,180.00", "date": day}, {"total": "1180"}, {"date": day}):
        assert "Your paper agrees" in compared(invoice, **typed)[1]
    swapped = compared(invoice, account="thief@okaxis", total="1180")[1]  # the amount is right: no green word beside it
    assert ("Different:" in swapped, "Your paper agrees" in swapped) == (True, False)
    text = compared(invoice, total="2180", date=day)[1]
    assert "Your paper differs." in text
    assert "Amount: your paper says ₹2,180.00, the shop’s book says ₹1,180.00." in text
    assert "Date: your paper" not in text
    assert "Date: your paper says 1 Apr 2026" in compared(invoice, total="1180", date="2026-04-01")[1]


@pytest.mark.parametrize(
    "typed",
    ["ram@okaxis", " RAM@OKAXIS ", "upi://pay?pa=ram@okaxis&am=1.00", "0123-4567 8901", "०१२३४५६७८९०१", "sbin0001234"],
)
def test_an_account_of_the_shop_is_the_same_however_it_is_typed(party, typed):
    status, text = compared(make.make_invoice(party), account=typed)
    assert status == 200
    assert "The same:</strong> This is the" in text
    assert "of Ram Kirana today." in text


@pytest.mark.parametrize("typed", ["ram@okicici", "thief@ybl", "012345678902", "12345678901", "-", "upi://pay?am=1"])
def test_an_account_that_is_not_the_shops_is_named_different(party, typed):
    text = compared(make.make_invoice(party), account=typed)[1]
    assert "Different:</strong> This is not an account of the shop. Pay nothing to it" in text
    assert "The same:" not in text


def test_an_account_the_shop_has_given_up_since_is_no_longer_right(party):
    invoice = make.make_invoice(party)
    type(party.business).objects.filter(pk=party.business_id).update(upi_id="newram@ybl")
    text = compared(invoice, account="ram@okaxis")[1]
    assert "No longer right:</strong> This was the shop’s UPI id when the paper was issued" in text
    assert "The same:" in compared(invoice, account="newram@ybl")[1]


def test_no_account_is_compared_on_a_paper_on_which_nothing_is_paid(party):
    assert 'name="account"' not in text_of(cancelled(party))
    status, text = compared(cancelled(party), account="ram@okaxis")
    assert status == 400
    assert "ram@okaxis" not in text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Write at least one of these."),
        ({"total": "lots"}, "errorlist"),
        ({"date": "31/31/2026"}, "errorlist"),
        ({"total": "-1", "date": "x"}, "errorlist"),
        ({"account": "x" * 301}, "errorlist"),
    ],
)
def test_what_cannot_be_read_is_asked_for_again(party, typed, words):
    status, text = compared(make.make_invoice(party), **typed)
    assert status == 400
    assert words in text
    for said in ("Your paper agrees", "Your paper differs", "Different:", "The same:"):
        assert said not in text


def test_what_is_typed_is_text_and_is_kept_nowhere(party):
    invoice = make.make_invoice(party)
    with CaptureQueriesContext(connection) as queries:
        text = compared(invoice, account="<script>alert(1)</script>", total="5")[1]
    assert "<script>alert" not in text
    written = [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]
    assert len(written) == 1
    assert "accounts_limitcounter" in written[0]
    assert "<script>alert" not in compared(invoice, total="<script>alert(1)</script>", date="x")[1]


def test_who_compares_too_often_is_told_to_stop(party):
    path = verifying.path(make.make_invoice(party))
    limits.count("verify-compared", "127.0.0.1", seconds=HOUR, add=MOST_COMPARED_AN_HOUR - 1)
    assert compared(path, total="5")[0] == 200
    assert compared(path, total="5")[0] == 429
    assert Client().get(path).status_code == 200


# --- Receipts -----------------------------------------------------------------------------------------------


def test_a_receipt_that_stands_and_one_whose_payment_was_cancelled(party):
    payment = make.make_payment(party, 400_00, mode="upi", reference="UTR0042", note="from Shree")
    text = text_of(payment)
    for words in ("This receipt is genuine", payment.number, "₹400.00", "Ram Kirana"):
        assert words in text
    for private in ("Shree", "Nashik", "UTR0042", "Pay only to these", "ram@okaxis", party.public_id):
        assert private not in text
    assert "Your paper agrees" in compared(payment, total="400")[1]
    posting.cancel_payment(payment, make.make_user(), "secret reason")
    text = text_of(payment)
    assert "This paper was cancelled" in text
    assert "secret" not in text


def test_the_seal_of_a_receipt_fits_no_invoice(party):
    invoice, payment = make.make_invoice(party), make.make_payment(party, 1_00)
    sealed = verifying.token(payment)[12:]
    assert Client().get(f"/v/{invoice.public_id}{sealed}").status_code == 404
    assert Client().get(f"/v/{payment.public_id}{verifying.token(invoice)[12:]}").status_code == 404


# --- Statements ---------------------------------------------------------------------------------------------


def statement(party, period=APRIL):
    """The path that the paper of these days carries now."""
    return statement_paper._read(party, period, "en")[1]["verify"]["path"]


def april(party):
    make.make_invoice(party, paise=1000_00, on=dt.date(2026, 3, 31))
    make.make_invoice(party, paise=500_00, on=APRIL.start)
    return make.make_payment(party, 300_00, on=APRIL.end, reference="UTR0042")


def test_a_statement_is_genuine_with_its_days_closing_day_made_and_hash(party):
    april(party)
    path = statement(party)
    assert len(path.removeprefix("/v/")) == 50
    text = text_of(path)
    assert "This statement is genuine" in text
    assert "The shop’s book says the same of these days today." in text
    for words in ("Ram Kirana", "1 Apr 2026 – 30 Apr 2026", "₹1,200.00", "to be paid to the shop", "ram@okaxis"):
        assert words in text
    assert f"<dd>{show_date(today())}</dd>" in text
    facts = verifying.read_token(path.removeprefix("/v/")).statement
    assert facts is not None
    assert verifying.short_hash(facts.hash.hex()) in text
    for private in ("Shree", "Ganesh", "Nashik", "500.00", "1,000.00", "UTR0042", party.public_id):
        assert private not in text


def back_dated(party, payment):
    make.make_invoice(party, paise=7_00, on=dt.date(2026, 4, 10))


def cancelled_since(party, payment):
    posting.cancel_payment(payment, make.make_user(), "bounced")


def equal_in_sum(party, payment):
    """The closing balance is as before, the rows are not."""
    make.make_invoice(party, paise=7_00, on=dt.date(2026, 4, 10))
    make.make_payment(party, 7_00, on=dt.date(2026, 4, 11))


def before_its_days(party, payment):
    make.make_invoice(party, paise=7_00, on=dt.date(2026, 3, 1))


@pytest.mark.parametrize("change", [back_dated, cancelled_since, equal_in_sum, before_its_days])
def test_a_statement_whose_days_have_changed_since_says_so_and_no_new_figure(party, change):
    payment = april(party)
    path = statement(party)
    change(party, payment)
    text = text_of(path)
    assert "This statement is genuine, but it is out of date" in text
    assert "The shop’s book has changed since" in text
    assert "₹1,200.00" in text  # what the paper says
    for new in ("1,207.00", "1,500.00", "7.00"):
        assert new not in text.replace("₹1,200.00", "")
    assert "This statement is genuine</h1>" in text_of(statement(party))


def test_what_comes_after_its_days_changes_no_statement(party):
    april(party)
    path = statement(party)
    make.make_invoice(party, paise=7_00, on=dt.date(2026, 5, 1))
    make.make_invoice(make.make_party(party.business), paise=9_00, on=APRIL.start)
    parties.set_shared(party, False, make.make_user())
    assert "This statement is genuine</h1>" in text_of(path)


def test_a_statement_is_the_same_in_every_language_and_carries_the_day_it_was_made(party):
    april(party)
    english, hindi = (statement_paper._read(party, APRIL, code)[1]["verify"] for code in ("en", "hi"))
    assert english == hindi
    with time_machine.travel(timezone.now() + dt.timedelta(days=1)):
        assert statement(party) != english["path"]


def test_every_changed_letter_of_a_statement_is_404(party):
    april(party)
    path = statement(party)
    token = path.removeprefix("/v/")
    for at in range(50):
        other = "1" if token[at] != "1" else "2"
        with pytest.raises(verifying.Unknown):
            verifying.read_token(token[:at] + other + token[at + 1 :])
    for text in ("0" * 50, "z" * 50, token + "0", token[1:]):
        assert Client().get(f"/v/{text}").status_code == 404
    type(party.business).objects.update(is_active=False)
    assert Client().get(path).status_code == 404


FACTS = statement_facts.StatementFacts("0a1b2c3d4e5f", APRIL, dt.date(2026, 5, 1), 1200_00, bytes(range(32)))


@pytest.mark.parametrize("paise", [0, 1, -1, 99_99_99_99_999_99, -(2**55), 2**55 - 1])
@pytest.mark.parametrize("party_id", ["000000000000", "zzzzzzzzzzzz", "0a1b2c3d4e5f"])
def test_a_statements_token_gives_back_what_it_was_made_of(paise, party_id):
    facts = replace(FACTS, party_id=party_id, closing_paise=paise)
    token = verifying.statement_token(facts)
    assert token is not None
    assert verifying.read_token(token) == verifying.Asked(statement=replace(facts, hash=facts.hash[:8]))


@pytest.mark.parametrize(
    "beyond",
    [
        {"closing_paise": 2**55},
        {"period": Period(dt.date(1999, 12, 31), APRIL.end)},
        {"made_on": dt.date(2200, 1, 1)},
    ],
)
def test_what_no_token_holds_has_none(beyond):
    assert verifying.statement_slot(replace(FACTS, **beyond)) is None


@pytest.mark.parametrize("rows", [1, 3])
def test_a_statement_costs_four_queries(party, rows):
    for _ in range(rows):
        make.make_invoice(party, paise=5_00, on=APRIL.start)
    path = statement(party)
    with CaptureQueriesContext(connection) as queries:
        Client().get(path)
    assert len(queries) == 4
    counted, *others = [query["sql"] for query in queries]
    assert counted.startswith("INSERT INTO accounts_limitcounter")
    assert all(sql.startswith("SELECT") for sql in others)


def test_a_statement_may_be_looked_at_60_times_an_hour_from_one_address(party):
    april(party)
    path = statement(party)
    limits.count("verify-looks", f"127.0.0.1 {path.removeprefix('/v/')}", seconds=HOUR, add=MOST_LOOKS_AN_HOUR - 1)
    assert Client().get(path).status_code == 200
    assert Client().get(path).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.7").get(path).status_code == 200
    neighbour = make.make_party(party.business, make.new_phone(), "Om Stores")
    april(neighbour)
    assert Client().get(statement(neighbour)).status_code == 200


# --- On the paper -------------------------------------------------------------------------------------------


def test_every_issued_paper_carries_its_address_code_and_hash(party, settings):
    settings.SITE_URL = "https://ledger.example.in"
    invoice = make.make_invoice(party)
    slot = paper.context_of(invoice)["verify"]
    assert slot["url"] == f"https://ledger.example.in/v/{verifying.token(invoice)}"
    assert slot["qr"].startswith("data:image/svg+xml")
    assert slot["hash"] == verifying.short_hash(invoice.facts_hash)
    assert paper.context_of(make.make_draft(party))["verify"] is None


def test_the_link_page_of_a_whole_statement_carries_the_address_that_its_paper_carries(party):
    april(party)
    page = Client().get(links.path(links.for_statement(party, APRIL, None))).content.decode()
    assert f'href="{statement(party)}"' in page
    for _ in range(statements.PAGE_SIZE):
        make.make_invoice(party, paise=5_00, on=APRIL.start)
    page = Client().get(links.path(links.for_statement(party, APRIL, None))).content.decode()
    assert "/v/" not in page  # a part of it is no statement


def test_receipts_carry_their_address(party):
    payment = make.make_payment(party, 5_00)
    page = Client().get(links.path(links.for_receipt(payment, None))).content.decode()
    assert f'href="{verifying.path(payment)}"' in page
    assert receipts.context_of(payment)["verify"]["url"].endswith(verifying.path(payment))
