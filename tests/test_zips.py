"""Chosen invoices as one ZIP file: those and no others, named once each, a piece at a time."""

import datetime as dt
import io
import zipfile

import pytest
from pypdf import PdfReader

from accounts import limits
from ledger import papers, posting, zips
from ledger.models import Invoice
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make.make_business("Ram Kirana", make.make_user(), slug="ram")


@pytest.fixture
def party(shop):
    return make.make_party(shop, make.new_phone(), "Shree Ganesh")


def customers(party, *invoices):
    return f"/portal/{party.public_id}/invoices.zip?" + "&".join(f"invoice={one.public_id}" for one in invoices)


def merchants(*invoices):
    return "/m/ram/invoices.zip?" + "&".join(f"invoice={one.public_id}" for one in invoices)


def opened(answer):
    assert answer["Content-Type"] == "application/zip"
    assert answer.streaming
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def test_the_customer_gets_the_ticked_ones_named_by_their_numbers(party):
    first, second, third = (make.make_invoice(party, paise=paise) for paise in (100_00, 200_00, 300_00))
    archive = opened(make.customer_client(party).get(customers(party, first, third)))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == sorted(f"{one.number.replace('/', '-')}.pdf" for one in (first, third))
    text = PdfReader(io.BytesIO(archive.read(f"{third.number.replace('/', '-')}.pdf"))).pages[0].extract_text()
    assert "₹300.00" in text
    assert second.number not in text


def test_the_merchant_gets_those_of_several_parties(shop, party):
    mine, other = make.make_invoice(party), make.make_invoice(make.make_party(shop))
    owner = make.merchant_client(shop.memberships.get().user)
    assert len(opened(owner.get(merchants(mine, other))).namelist()) == 2


def test_the_same_number_in_two_years_makes_two_files(party):
    old = make.make_invoice(party, on=dt.date(2026, 3, 1))
    new = make.make_invoice(party, on=dt.date(2026, 4, 1))
    same = [Invoice(number="INV/1"), Invoice(number="INV-1"), Invoice(number="inv-1"), Invoice(number="INV-1 (2)")]
    assert zips.names(same) == ["INV-1", "INV-1 (2)", "inv-1 (3)", "INV-1 (2) (2)"]
    assert len(set(opened(make.customer_client(party).get(customers(party, old, new))).namelist())) == 2


def test_another_partys_paper_among_the_ticked_ones_is_404_for_all_of_them(shop, party):
    mine, theirs = make.make_invoice(party), make.make_invoice(make.make_party(shop))
    foreign = make.make_invoice(make.make_party(make.make_business()))
    browser = make.customer_client(party)
    for stranger in (theirs, foreign):
        assert browser.get(customers(party, mine, stranger)).status_code == 404
    owner = make.merchant_client(shop.memberships.get().user)
    assert owner.get(merchants(mine, foreign)).status_code == 404
    assert owner.get(merchants(mine) + "&invoice=zzzzzzzzzzz9").status_code == 404


def test_so_many_an_hour_and_no_more_for_either_side(shop, party):
    bill = make.make_invoice(party)
    browser = make.merchant_client(shop.memberships.get().user)
    for subject in (str(party.pk), f"shop {party.business_id}"):
        limits.count("zips", subject, seconds=zips.HOUR, add=zips.MOST_AN_HOUR - 1)
    customer = make.customer_client(party)
    for one, where in ((customer, customers(party, bill)), (browser, merchants(bill))):
        for status in (200, 429):
            assert one.get(where).status_code == status


def test_a_draft_is_in_no_zip(shop, party):
    draft = make.make_invoice(party, issued=False)
    assert make.customer_client(party).get(customers(party, draft)).status_code == 404
    assert make.merchant_client(shop.memberships.get().user).get(merchants(draft)).status_code == 404


def test_a_cancelled_one_and_a_credit_note_are_in_it(party):
    cancelled = make.make_invoice(party)
    posting.cancel_invoice(cancelled, make.make_user(), "wrong")
    note = make.make_credit_note(party)
    assert len(opened(make.customer_client(party).get(customers(party, cancelled, note))).namelist()) == 2


def test_nothing_ticked_and_too_much_ticked_is_said_above_the_list(shop, party, monkeypatch):
    monkeypatch.setattr(zips, "MOST", 1)
    both = make.make_invoice(party), make.make_invoice(party)
    browser, owner = make.customer_client(party), make.merchant_client(shop.memberships.get().user)
    for client, none, many in (
        (browser, customers(party), customers(party, *both)),
        (owner, merchants(), merchants(*both)),
    ):
        assert "Tick at least one invoice first." in client.get(none, follow=True).content.decode()
        assert "One file holds at most 1 invoices." in client.get(many, follow=True).content.decode()


def test_a_paper_too_long_for_a_pdf_is_named_in_words(party, monkeypatch):
    monkeypatch.setattr(papers, "MAX_LINES", 1)
    long_one = make.make_invoice(party, lines=[make.line("Rice"), make.line("Atta")])
    archive = opened(make.customer_client(party).get(customers(party, long_one)))
    (name,) = archive.namelist()
    assert name.endswith(".txt")
    assert "2 lines" in archive.read(name).decode()


def test_it_comes_a_document_at_a_time(party):
    invoices = [make.make_invoice(party) for _ in range(3)]
    for one in invoices:
        one.business, one.party = party.business, party
    pieces = zips.chunks(invoices)
    first = next(pieces)
    assert first.startswith(b"PK\x03\x04")
    assert b"%%EOF" in first
    assert len(list(pieces)) == 3


def test_the_boxes_stand_in_the_list_when_one_asks_for_them(shop, party):
    invoice, draft = make.make_invoice(party), make.make_invoice(party, issued=False)
    browser, owner = make.customer_client(party), make.merchant_client(shop.memberships.get().user)
    for client, where in ((browser, f"/portal/{party.public_id}/invoices/"), (owner, "/m/ram/invoices/")):
        assert "checkbox" not in client.get(where).content.decode()
        page = client.get(f"{where}?pick=1").content.decode()
        assert f'name="invoice" value="{invoice.public_id}"' in page
        assert draft.public_id not in page.replace(f"/m/ram/invoices/{draft.public_id}/", "")
