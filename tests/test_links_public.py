"""Pages behind an invoice link: one invoice for whoever holds the link, and nothing else."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import parties
from accounts.models import LimitCounter, Membership
from ledger import billing, drafting, links, posting
from ledger.models import LinkOpen, ShareLink
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def party():
    return make.make_party(
        make.make_business("Ram Kirana", upi_id="ram@okaxis"), make.new_phone(), "Shree Ganesh", city="Pune"
    )


def address(invoice, tail=""):
    return links.path(links.for_invoice(invoice, None)) + tail


def changed_letter(path):
    return path[:-1] + ("x" if path[-1] != "x" else "y")


def test_the_link_shows_the_invoice_at_once(party):
    invoice = make.make_invoice(party, paise=1180_00)
    response = Client().get(address(invoice))
    text = response.content.decode()
    assert response.status_code == 200
    assert invoice.number in text
    assert "₹1,180.00" in text
    assert "One thousand one hundred eighty rupees only" in text
    assert "Shree Ganesh" in text
    assert "upi://pay?pa=ram@okaxis&amp;pn=Ram%20Kirana&amp;am=1180.00" in text


def test_it_shows_what_is_still_due_and_what_was_paid_on_it(party):
    invoice = make.make_invoice(party, paise=1000_00)
    make.make_payment(party, 400_00, mode="upi", reference="UTR0001")
    text = Client().get(address(invoice)).content.decode()
    assert "₹600.00" in text
    assert "still due of ₹1,000.00" in text
    assert "am=600.00" in text
    assert "₹400.00" in text
    # The payment's own number and reference are the party's business.
    assert "UTR0001" not in text


def test_a_cancelled_invoice_says_so_and_asks_for_no_money(party):
    invoice = make.make_invoice(party)
    posting.cancel_invoice(invoice, make.make_user(), "secret reason of the shop")
    text = Client().get(address(invoice)).content.decode()
    assert "Cancelled by the shop. Nothing is to be paid on it." in text
    assert "upi://" not in text
    assert "secret reason" not in text


def test_it_tells_nothing_of_other_papers_nor_of_the_balance(party):
    shared, other = make.make_invoice(party, paise=100_00), make.make_invoice(party, paise=77_777_00)
    make.make_payment(party, 50_00, shares=[])
    text = Client().get(address(shared)).content.decode()
    assert other.number not in text
    assert "77,777" not in text
    assert "77,827.00" not in text
    assert other.public_id not in text
    assert party.public_id not in text


def test_a_token_of_one_kind_opens_no_door_of_the_other(party):
    invoice_token = links.token(links.for_invoice(make.make_invoice(party), None))
    portal_token = links.token(links.for_party(party, None))
    assert Client().get(f"/p/{invoice_token}").status_code == 404
    assert Client().get(f"/i/{portal_token}").status_code == 404


TAILS = [("get", ""), ("get", "/pdf"), ("get", "/logo"), ("get", "/login"), ("post", "/login"), ("post", "/opened")]


@pytest.mark.parametrize(("method", "tail"), TAILS)
def test_a_tampered_link_is_404_at_every_address_of_it(party, method, tail):
    path = changed_letter(address(make.make_invoice(party))) + tail
    assert getattr(Client(), method)(path).status_code == 404


@pytest.mark.parametrize("text", ["x", "0" * 33, "z" * 33, "%E2%82%B9" * 11, "'" * 33, "a" * 34])
def test_what_is_no_token_is_404(text):
    assert Client().get(f"/i/{text}").status_code == 404


def ended_by_time(link, party):
    ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())


def ended_by_revoking(link, party):
    links.revoke(link, make.make_user())


def ended_by_stopping(link, party):
    parties.set_shared(party, False, make.make_user())


def ended_by_a_new_number(link, party):
    parties.set_main_number(party, make.new_phone(), "", None)


ENDS = [ended_by_time, ended_by_revoking, ended_by_stopping, ended_by_a_new_number]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("method", "tail"), TAILS)
def test_an_ended_link_is_410_at_every_address_of_it_and_tells_what_to_do(party, end, method, tail):
    link = links.for_invoice(make.make_invoice(party, paise=4321_00), None)
    end(link, party)
    response = getattr(Client(), method)(links.path(link) + tail)
    assert response.status_code == 410
    assert "/portal/login/" in response.content.decode()
    assert "4,321" not in response.content.decode()
    assert not LinkOpen.objects.exists()


def test_a_link_of_a_closed_business_is_404(party):
    path = address(make.make_invoice(party))
    type(party.business).objects.update(is_active=False)
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("number_of_lines", [1, 3])
def test_the_page_costs_two_queries(party, number_of_lines):
    path = address(make.make_invoice(party, lines=[make.line() for _ in range(number_of_lines)]))
    client = Client()
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    assert len(queries) == 2


@pytest.mark.parametrize("number_of_payments", [1, 3])
def test_a_part_paid_one_costs_two_as_well(party, number_of_payments):
    invoice = make.make_invoice(party, paise=1000_00)
    for _ in range(number_of_payments):
        make.make_payment(party, 100_00)
    path = address(invoice)
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(path).status_code == 200
    assert len(queries) == 2


def settled_by_all_means(party):
    """An invoice of ₹1,000: 500 and 100 by UPI, 50 TDS, 250 credited, 100 written off."""
    invoice = make.make_invoice(party, paise=1000_00)
    make.make_payment(party, 500_00, mode="upi", tds_paise=50_00, reference="UTR0001")
    make.make_credit_note(original=invoice, paise=250_00)
    make.make_payment(party, 100_00, mode="upi")
    make.make_adjustment(party, 100_00, reason="Rats ate it", shares=None)
    return invoice


def test_what_was_not_paid_is_not_called_paid(party):
    invoice = settled_by_all_means(party)
    text = Client().get(address(invoice)).content.decode()
    assert "Settled: ₹600.00 paid, ₹250.00 credited, ₹100.00 written off, ₹50.00 TDS. Nothing is due." in text
    assert '<span class="badge paid">Settled</span>' in text
    assert "Paid" not in text
    for words in ("How it was settled", "UPI", "Credit note", "Written off", "TDS deducted", "₹500.00", "₹50.00"):
        assert words in text
    assert "UTR0001" not in text
    assert "Rats" not in text


def test_what_money_alone_settled_is_paid(party):
    invoice = make.make_invoice(party, paise=1000_00)
    make.make_payment(party, 400_00)
    make.make_payment(party, 600_00)
    text = Client().get(address(invoice)).content.decode()
    assert '<span class="badge paid">Paid</span>' in text
    assert "Paid in full. Nothing is due." in text


def test_an_advance_of_an_opening_balance_is_named_and_a_gift_is_not_paid(party):
    invoice, gift = make.make_invoice(party, paise=300_00), make.make_invoice(party, paise=0)
    make.make_adjustment(party, 300_00, kind="opening", reason="", shares=[(invoice.open_item.pk, 300_00)])
    assert "Settled: ₹300.00 from the opening balance." in Client().get(address(invoice)).content.decode()
    text = Client().get(address(gift)).content.decode()
    assert "Nothing is due." in text
    assert "Paid" not in text


def cancelled(party):
    invoice = make.make_invoice(party)
    posting.cancel_invoice(invoice, make.make_user(), "wrong")
    return invoice


def replaced(party):
    invoice = make.make_invoice(party)
    right = drafting.Draft(party, invoice.issued_on, invoice.due_on, [make.line("Sugar", paise=41_00)])
    billing.amend(invoice, right, make.make_user(), reason="slip")
    return invoice


def replacing(party):
    return replaced(party).replaced_by.get()


def credit_note(party):
    return make.make_credit_note(original=make.make_invoice(party))


@pytest.mark.parametrize("made", [settled_by_all_means, cancelled, replaced, replacing, credit_note])
def test_two_queries_in_every_state(party, made):
    path = address(made(party))
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(path).status_code == 200
    assert len(queries) == 2


def test_what_replaced_it_and_what_it_replaces_are_said_behind_the_link(party):
    old = replaced(party)
    text = Client().get(address(old)).content.decode()
    assert "Replaced by a newer invoice." in text
    assert f"Replaces {old.number} of" in Client().get(address(old.replaced_by.get())).content.decode()
    assert "Replaced by" not in Client().get(address(cancelled(party))).content.decode()


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("tail", ["", "/pdf", "/login"])
@pytest.mark.parametrize("agent", ["WhatsApp/2.23.20.0 A", "facebookexternalhit/1.1", "Mozilla/5.0"])
def test_looking_changes_nothing(party, method, tail, agent):
    path = address(make.make_invoice(party)) + tail
    with CaptureQueriesContext(connection) as queries:
        response = getattr(Client(headers={"user-agent": agent}), method)(path)
    assert response.status_code == 200
    assert make.changes(queries) == []
    assert (Session.objects.count(), LinkOpen.objects.count(), LimitCounter.objects.count()) == (0, 0, 0)


def test_the_page_sets_no_cookie_and_has_no_form(party):
    response = Client().get(address(make.make_invoice(party)))
    assert dict(response.cookies) == {}
    assert "<form" not in response.content.decode()
    assert response["Cache-Control"] == "no-store, private"
    assert response["X-Robots-Tag"] == "noindex, nofollow"


def test_previews_get_general_words_only(party):
    party.business.gstin = ""
    invoice = make.make_invoice(party, paise=1180_00)
    for path in (address(invoice), links.path(links.for_party(party, None))):
        head = Client().get(path).content.decode().split("</head>")[0]
        assert 'property="og:title"' in head
        for private in ("Shree", "Ram Kirana", invoice.number, "1,180", "1180", "Pune"):
            assert private not in head


def test_the_page_has_nothing_inline_and_asks_nobody_else(party):
    invoice = make.make_invoice(party)
    make.make_payment(party, 10_00)
    text = Client().get(address(invoice)).content.decode()
    assert re.findall(r"<script(?![^>]*src=)|\sstyle=|<style|\son\w+=", text) == []
    assert [url for url in re.findall(r'(?:src|href)="([^"]+)"', text) if re.match(r"(https?:)?//", url)] == []


def test_page_styles_scripts_and_pictures_together_weigh_less_than_60_kb(party):
    lines = [make.line(f"Something with a rather long name, number {n}", hsn="1006") for n in range(40)]
    response = Client(headers={"accept-encoding": "gzip"}).get(address(make.make_invoice(party, lines=lines)))
    assert response["Content-Encoding"] == "gzip"
    files = set(re.findall(r'"/static/([^"#]+)', gzip.decompress(response.content).decode()))
    assert {"css/components.css", "js/opened.js", "js/copy.js", "img/icons.svg"} <= files
    weight = len(response.content)
    weight += sum(len(gzip.compress((Path(settings.BASE_DIR) / "static" / name).read_bytes())) for name in files)
    assert weight < 60_000


def test_a_persons_open_is_recorded_each_time_with_the_device(party):
    invoice = make.make_invoice(party)
    phone = Client(headers={"user-agent": "Mozilla/5.0 (Linux; Android 14) Chrome/130.0"})
    for _ in range(2):
        assert phone.post(address(invoice, "/opened")).status_code == 204
    assert list(LinkOpen.objects.values_list("event", "device")) == [("opened", "Chrome, Android")] * 2
    assert not Session.objects.exists()


def test_saving_the_pdf_is_told_by_the_page_and_reading_the_pdf_tells_nothing(party):
    invoice = make.make_invoice(party)
    page = Client().get(address(invoice)).content.decode()
    assert f'data-saved-url="{address(invoice, "/saved")}"' in page
    assert page.count(" download data-saved>") == 1
    Client().get(address(invoice, "/pdf"))
    assert not LinkOpen.objects.exists()
    client = Client(enforce_csrf_checks=True)
    assert client.get(address(invoice, "/saved")).status_code == 405
    assert {client.post(address(invoice, "/saved")).status_code for _ in range(62)} == {204}
    assert list(LinkOpen.objects.values_list("event", flat=True)) == ["saved"] * 60


def test_opening_needs_no_csrf_token(party):
    client = Client(enforce_csrf_checks=True)
    assert client.post(address(make.make_invoice(party), "/opened")).status_code == 204


@pytest.mark.parametrize("method", ["get", "head", "put"])
def test_an_open_is_posted_or_is_none(party, method):
    assert getattr(Client(), method)(address(make.make_invoice(party), "/opened")).status_code == 405
    assert not LinkOpen.objects.exists()


def test_the_shops_own_people_do_not_count_as_readers(party):
    owner, stranger = make.make_user(), make.make_user()
    make.make_membership(party.business, owner)
    make.make_business(owner=stranger)
    path = address(make.make_invoice(party), "/opened")
    assert make.merchant_client(owner).post(path).status_code == 204
    assert not LinkOpen.objects.exists()
    make.merchant_client(stranger).post(path)
    assert LinkOpen.objects.count() == 1
    Membership.objects.filter(user=owner).update(is_active=False)
    make.merchant_client(owner).post(path)
    assert LinkOpen.objects.count() == 2


def test_opens_beyond_sixty_an_hour_are_passed_over_silently(party):
    path = address(make.make_invoice(party), "/opened")
    assert {Client().post(path).status_code for _ in range(63)} == {204}
    assert LinkOpen.objects.count() == 60


def test_the_reader_may_change_the_language_without_a_cookie(party):
    path = address(make.make_invoice(party, paise=100_00))
    response = Client().get(path, {"lang": "hi"})
    assert '<html lang="hi">' in response.content.decode()
    assert "एक सौ रुपये मात्र" in response.content.decode()
    assert dict(response.cookies) == {}


def test_the_language_chosen_on_the_page_goes_on_at_the_door(party):
    path = links.path(links.for_invoice(make.make_invoice(party), None))
    assert f'href="{path}/login"' in Client().get(path).content.decode()
    page = Client().get(f"{path}?lang=hi").content.decode()
    assert f'href="{path}/login?lang=hi"' in page
    door = Client().get(f"{path}/login?lang=hi").content.decode()
    assert '<html lang="hi">' in door
    assert 'href="?lang=en"' in door


def test_the_language_the_shop_chose_for_the_party_comes_before_the_browsers(party):
    party.language = "hi"
    party.save()
    path = address(make.make_invoice(party))
    assert '<html lang="hi">' in Client(headers={"accept-language": "en"}).get(path).content.decode()


def test_a_credit_note_names_its_invoice_and_asks_for_no_money(party):
    party.business.terms = "Interest at 18% a year on what is late."
    party.business.save()
    invoice = make.make_invoice(party, paise=500_00)
    note = make.make_credit_note(original=invoice, paise=200_00)
    text = Client().get(address(note)).content.decode()
    assert "Credit Note" in text
    assert invoice.number in text
    assert "Interest at 18% a year" not in text
    assert "Interest at 18% a year" in Client().get(address(invoice)).content.decode()
    assert "upi://" not in text


@pytest.mark.parametrize(
    ("shop", "buyer", "draft", "gst_rate_bp", "says"),
    [
        ({"scheme": "regular"}, {}, {}, 500, True),
        ({"scheme": "regular"}, {}, {"reverse_charge": True}, 500, False),
        (
            {"scheme": "regular", "lut_number": "AD270424000001X"},
            {"is_sez": True, "gstin": "27AAACR5055K1Z7"},
            {},
            500,
            False,
        ),
        ({"scheme": "regular", "lut_number": "AD270424000001X"}, {"state_code": "96"}, {}, 500, False),
        ({"scheme": "regular"}, {"is_sez": True, "gstin": "27AAACR5055K1Z7"}, {}, 500, True),
        ({"scheme": "regular"}, {}, {}, 0, False),
        ({"scheme": "composition"}, {}, {}, 500, False),
    ],
    ids=["taxed", "reverse charge", "SEZ under LUT", "export under LUT", "SEZ with tax", "exempt", "composition"],
)
def test_a_price_is_said_to_hold_gst_only_where_it_does(party, shop, buyer, draft, gst_rate_bp, says):
    for row, fields in ((party.business, {"gstin": "27AAPFU0939F1ZV"} | shop), (party, buyer)):
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()
    lines = [make.line("Rice", paise=142_00, gst_rate_bp=gst_rate_bp, price_includes_tax=True, hsn="1006")]
    invoice = make.make_invoice(party, lines=lines, **draft)
    text = Client().get(address(invoice)).content.decode()
    assert "142.00" in text
    assert ("incl. GST" in text) is says
    assert (invoice.total_paise == 142_00 and invoice.taxable_paise < 142_00) is says


def test_merchant_text_is_text(party):
    party.name = "<script>alert(1)</script>"
    party.save()
    text = Client().get(address(make.make_invoice(party, lines=[make.line("<b>Rice</b>")]))).content.decode()
    assert "<script>alert" not in text
    assert "<b>Rice" not in text
    assert "&lt;b&gt;Rice" in text


def test_a_bill_of_supply_shows_no_tax_and_neither_does_a_credit_note_for_it():
    shop = make.make_business("Ram Kirana", scheme="regular", gstin="27AAPFU0939F1ZV")
    party = make.make_party(shop)
    lines = {rate: [make.line("Dal", paise=100_00, hsn="0713", gst_rate_bp=rate)] for rate in (0, 500)}
    exempt, taxed = (make.make_invoice(party, lines=lines[rate]) for rate in (0, 500))
    note = make.make_credit_note(original=exempt, lines=lines[0])
    for paper, shows in ((exempt, False), (note, False), (taxed, True)):
        text = Client().get(address(paper)).content.decode()
        assert [words in text for words in ("CGST", "SGST", "Tax by HSN/SAC code", "Reverse charge")] == [shows] * 4
        assert "HSN 0713" in text


def test_the_upi_link_is_a_plain_link_and_coming_back_from_it_proves_no_payment(party):
    type(party.business).objects.filter(pk=party.business_id).update(upi_id="ram@okaxis")
    invoice = make.make_invoice(party, paise=1180_00)
    page = Client().get(address(invoice)).content.decode()
    (button,) = set(re.findall(r'<a class="btn primary narrow"[^>]*>Pay by UPI</a>', page))
    assert re.fullmatch(
        r'<a class="btn primary narrow" href="upi://pay\?[^"]+">Pay by UPI</a>', button
    )  # no script, no tab
    assert "am=1180.00&amp;cu=INR" in button
    back = {"Status": "SUCCESS", "txnId": "AXI123", "responseCode": "00", "txnRef": "INV"}
    assert "to be paid by" in Client().get(address(invoice), back).content.decode()
    assert "The code or link alone tells it nothing." in page
    assert "at once. For more, pay in parts" not in page
    large = Client().get(address(make.make_invoice(party, paise=1_00_001_00))).content.decode()
    assert "UPI apps mostly take up to ₹1,00,000.00 at once. For more, pay in parts or by bank transfer." in large
    assert not party.payments.exists()
    assert not party.claims.exists()
