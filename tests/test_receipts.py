"""The receipt of a payment: its facts on the page and on paper, for both sides, and nobody else's."""

import datetime as dt
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from ledger import posting, receipts
from ledger.models import Payment
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make.make_business("राम किराना", make.make_user(), slug="ram", city="Pune")


@pytest.fixture
def party(shop):
    return make.make_party(shop, make.new_phone(), "अन्नपूर्णा भंडार")


@pytest.fixture
def payment(party):
    """₹1,500 by UPI: 1,000 settle a bill, 500 are an advance; 100 of TDS beside it."""
    make.make_invoice(party, paise=1000_00, on=dt.date(2026, 4, 1))
    return make.make_payment(
        party, 1500_00, on=dt.date(2026, 4, 2), mode="upi", reference="UTR0042", note="secret note", tds_paise=100_00
    )


def read(pk):
    return Payment.objects.select_related("business", "party", "open_item").get(pk=pk)


def paper(payment, language="en"):
    reader = PdfReader(io.BytesIO(receipts.pdf_of(read(payment.pk), language)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def customer_page(payment):
    where = f"/portal/{payment.party.public_id}/payments/{payment.public_id}/"
    return make.customer_client(payment.party).get(where).content.decode()


def test_page_and_paper_say_number_date_amount_in_figures_and_words_how_and_what_for(payment, party):
    invoice = party.invoices.get()
    for text in (customer_page(payment), paper(payment)):
        for fact in (
            "Receipt",
            payment.number,
            "2 Apr 2026",
            "₹1,500.00",
            "One thousand five hundred rupees only",
            "UPI",
            "UTR0042",
            "What it settled",
            f"Invoice {invoice.number}",
            "Advance, not used for a bill yet",
            "TDS kept back beside it",
            "₹100.00",
        ):
            assert fact in text
        assert "secret note" not in text


def test_what_it_settled_and_the_advance_add_up_to_the_amount(payment):
    shown = receipts.context_of(read(payment.pk))
    assert [part.amount for part in shown["parts"]] == ["₹1,000.00"]
    assert shown["advance"] == "₹500.00"
    assert [part.amount for part in shown["tds"]] == ["₹100.00"]


def test_money_paid_back_is_a_payment_advice(party):
    make.make_payment(party, 100_00)
    back = make.make_payment(party, 40_00, direction="paid")
    for text in (customer_page(back), paper(back)):
        assert "Payment advice" in text
        assert "Paid back to" in text
        assert "Receipt" not in text


def test_an_advance_alone_says_so(party):
    assert "It is an advance: no bill has used it yet." in paper(make.make_payment(party, 10_00))


def test_a_cancelled_one_says_so_and_keeps_the_shops_reason_to_itself(payment, party):
    posting.cancel_payment(payment, make.make_user(), "secret reason of the shop")
    invoice = party.invoices.get()
    for text in (customer_page(payment), paper(payment)):
        assert "This payment does not stand in the shop" in text
        assert invoice.number not in text
        assert "secret reason" not in text
    assert "CANCELLED" in paper(payment)


def test_it_is_readable_in_hindi_with_words_and_names(payment):
    text = paper(payment, "hi")
    assert "एक हज़ार पाँच सौ रुपये मात्र" in text
    assert "₹1,500.00" in text
    assert "राम" in text


def test_it_is_drawn_again_when_it_settles_something_else(payment, party):
    first = receipts.pdf_of(read(payment.pk), "en")
    assert receipts.pdf_of(read(payment.pk), "en") == first
    make.make_invoice(party, paise=200_00)  # the payment's advance settles it
    assert receipts.pdf_of(read(payment.pk), "en") != first


@pytest.mark.parametrize("bills", [1, 3])
def test_three_bills_cost_no_more_queries_than_one(party, bills):
    for _ in range(bills):
        make.make_invoice(party, paise=10_00)
    payment = read(make.make_payment(party, 100_00, tds_paise=1_00).pk)
    with CaptureQueriesContext(connection) as queries:
        receipts.context_of(payment)
    assert len(queries) == 2


def test_the_ledger_leads_from_the_payment_to_its_receipt(payment, party):
    page = make.customer_client(party).get(f"/portal/{party.public_id}/ledger/?period=all").content.decode()
    assert f'href="/portal/{party.public_id}/payments/{payment.public_id}/"' in page


def test_the_merchants_payment_leads_to_page_and_paper(payment, shop):
    owner = make.merchant_client(shop.memberships.get().user)
    where = f"/m/ram/payments/{payment.public_id}/"
    assert f'href="{where}receipt/"' in owner.get(where).content.decode()
    assert "One thousand five hundred rupees only" in owner.get(f"{where}receipt/").content.decode()
    answer = owner.get(f"{where}receipt/pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="{payment.number.replace("/", "-")}.pdf"'


@pytest.mark.parametrize("tail", ["", "pdf"])
def test_another_partys_payment_is_not_there(payment, shop, tail):
    other = make.make_party(shop, make.new_phone(), "Other")
    browser = make.customer_client(other)
    assert browser.get(f"/portal/{other.public_id}/payments/{payment.public_id}/{tail}").status_code == 404
    assert browser.get(f"/portal/{payment.party.public_id}/payments/{payment.public_id}/{tail}").status_code == 404
