"""“I have paid”: what a customer tells, what is refused, and what each side reads of it."""

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image as Pillow

from accounts import parties
from accounts.idempotency import new_key
from accounts.india import today
from accounts.models import Image, PartyPerson
from ledger import claims, links, posting, statements
from ledger.models import Payment, PaymentClaim
from portal.views import paying
from tests import factories as make

pytestmark = pytest.mark.django_db
BASE = 4
UTR = "412077812201"


@pytest.fixture
def owner():
    return make.make_user(name="Ramesh")


@pytest.fixture
def business(owner):
    return make.make_business("Ram Kirana", owner, slug="ram", upi_id="ram@okaxis")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def bill(party):
    return make.make_invoice(party, paise=1000_00)


@pytest.fixture
def client(party, bill):
    return make.customer_client(party)


def at(party, tail=""):
    return f"/portal/{party.public_id}/{tail}"


def told(**fields):
    return {
        "form_key": new_key(),
        "amount": "500",
        "mode": "upi",
        "reference": UTR,
        "paid_on": today().isoformat(),
        "note": "",
    } | fields


def tell(client, party, tail="paid/", **fields):
    return client.post(at(party, tail), told(**fields))


def errors(response):
    return {name: list(words) for name, words in response.context["form"].errors.items()}


def person(party, role):
    number = make.new_phone()
    parties.add_person(party, number, "", role, None)
    return make.customer_client(number)


def png(width=900, height=1800):
    out = io.BytesIO()
    Pillow.new("RGB", (width, height), "green").save(out, "PNG")
    return SimpleUploadedFile("../../etc/passwd.png", out.getvalue(), "image/png")


# --- telling ------------------------------------------------------------------------------------------------


def test_what_was_told_waits_and_is_no_money_in_the_book(client, party, bill):
    response = tell(client, party, f"paid/?invoice={bill.public_id}", reference=" 4120 7781 2201 ", note="by Raju")
    claim = PaymentClaim.objects.get()
    assert response.headers["Location"] == at(party, f"paid/{claim.public_id}/")
    assert (claim.amount_paise, claim.mode, claim.reference, claim.note) == (500_00, "upi", UTR, "by Raju")
    assert (claim.status, claim.invoice, claim.claimed_by.phone) == ("pending", bill, party.people.get().phone)
    assert statements.balance(party) == 1000_00
    assert not Payment.objects.exists()


def test_a_reference_is_kept_in_capitals_without_spaces_with_digits_of_any_script(client, party):
    tell(client, party, mode="bank", reference="sbin n52 ४१२०7")
    assert PaymentClaim.objects.get().reference == "SBINN5241207"


def test_the_second_sending_of_one_form_tells_nothing_more_and_other_words_are_refused(client, party):
    data = told()
    first, second = (client.post(at(party, "paid/"), data) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    other = client.post(at(party, "paid/"), data | {"amount": "600"})
    assert other.status_code == 422
    assert first.headers["Location"] in other.content.decode()
    assert PaymentClaim.objects.count() == 1


def test_another_picture_under_the_same_key_is_another_form(client, party):
    data = told()
    assert client.post(at(party, "paid/"), data | {"screenshot": png(10)}).status_code == 302
    assert client.post(at(party, "paid/"), data | {"screenshot": png(10)}).status_code == 302
    assert client.post(at(party, "paid/"), data | {"screenshot": png(20)}).status_code == 422
    assert Image.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"paid_on": (today() + dt.timedelta(days=1)).isoformat()}, "paid_on", "The date lies in the future."),
        ({"paid_on": (today() - dt.timedelta(days=367)).isoformat()}, "paid_on", "Choose a day from"),
        ({"paid_on": "yesterday"}, "paid_on", "This is not a date"),
        ({"amount": "0"}, "amount", "The amount must be more than zero."),
        ({"amount": "-5"}, "amount", "The amount cannot be negative."),
        ({"amount": "99999999999999"}, "amount", "This amount is too large"),
        ({"amount": "12.345"}, "amount", "Write at most two decimals"),
        ({"reference": ""}, "reference", "Write the reference"),
        ({"reference": "12"}, "reference", "A reference has at least four letters or digits"),
        ({"reference": "<b>4120</b>"}, "reference", "A reference has at least four letters or digits"),
        ({"reference": "4120@77812201"}, "reference", "A reference has at least four letters or digits"),
        ({"reference": "9" * 28}, "reference", "This is too long for a reference"),
        ({"mode": "card"}, "mode", "Please choose one from the list."),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_told(client, party, fields, name, words):
    response = tell(client, party, **fields)
    assert response.status_code == 400
    assert errors(response)[name][0].startswith(words)
    assert not PaymentClaim.objects.exists()


def test_cash_needs_no_reference_and_is_told_once_a_day(client, party):
    assert tell(client, party, mode="cash", reference="").status_code == 302
    claim = PaymentClaim.objects.get()
    assert claim.shown_reference == ""
    again = tell(client, party, mode="cash", reference="")
    assert errors(again)["reference"][0].startswith("You have told the shop of this already: ₹500.00")
    assert tell(client, party, mode="cash", reference="", amount="501").status_code == 302


def test_two_customers_may_have_cheques_of_one_number(client, business, party):
    make.make_claim(make.make_party(business), mode="cheque", reference="000123")
    assert tell(client, party, mode="cheque", reference="000123").status_code == 302
    assert [claim.shown_reference for claim in PaymentClaim.objects.order_by("pk")] == ["000123", "000123"]


def test_more_than_is_due_is_asked_once_more_and_nothing_typed_is_lost(client, party):
    data = told(amount="5000", note="by Raju")
    asked = client.post(at(party, "paid/"), data)
    assert asked.status_code == 400
    assert asked.context["asked"] == "₹5,000.00 is more than the ₹1,000.00 that is due. Did you really pay so much?"
    assert asked.context["form"]["note"].value() == "by Raju"
    assert not PaymentClaim.objects.exists()
    assert client.post(at(party, "paid/"), data | {"sure": "400000"}).status_code == 400
    assert client.post(at(party, "paid/"), data | {"sure": "500000"}).status_code == 302
    assert client.post(at(party, "paid/"), data).status_code == 302
    assert PaymentClaim.objects.get().amount_paise == 5000_00


def test_with_nothing_due_every_amount_is_asked_about(business):
    party = make.make_party(business, make.new_phone())
    asked = tell(make.customer_client(party), party)
    assert asked.context["asked"] == "Nothing is due now. Did you really pay ₹500.00?"


def test_the_form_opens_with_the_amount_and_the_invoice_it_was_opened_from(client, party, bill):
    page = client.get(at(party, f"paid/?invoice={bill.public_id}"))
    assert page.context["form"]["amount"].value() == "1000.00"
    assert client.get(at(party, "paid/?amount=123.5")).context["form"]["amount"].value() == "123.50"
    assert client.get(at(party, "paid/?amount=abc")).context["form"]["amount"].value() is None


def test_invoices_of_others_drafts_and_credit_notes_are_not_found(client, business, party, bill):
    other = make.make_invoice(make.make_party(business))
    rows = [other, make.make_invoice(party, issued=False), make.make_credit_note(original=bill), make.make_invoice()]
    for row in rows:
        assert tell(client, party, f"paid/?invoice={row.public_id}").status_code == 404
    assert not PaymentClaim.objects.exists()


def test_a_party_tells_so_often_a_day_and_no_more(client, party, business):
    for n in range(paying.MOST_CLAIMS_A_DAY):
        assert tell(client, party, reference=f"{n:012d}").status_code == 302
    assert tell(client, party).status_code == 429
    neighbour = make.make_party(business, make.new_phone())
    make.make_invoice(neighbour, paise=900_00)
    assert tell(make.customer_client(neighbour), neighbour).status_code == 302


# --- the same money twice -----------------------------------------------------------------------------------


def test_ones_own_earlier_word_is_named_with_the_way_to_it(client, party):
    first = tell(client, party).headers["Location"]
    again = tell(client, party, reference=UTR[:4] + " " + UTR[4:])
    (words,) = errors(again)["reference"]
    assert words.startswith("You have told the shop of this already: ₹500.00 of ")
    assert f'<a href="{first}">Look at it</a>' in words


def test_a_payment_the_shop_has_entered_is_named_with_its_number_and_date(client, party):
    payment = make.make_payment(party, 500_00, mode="upi", reference="4120 7781 2201")
    (words,) = errors(tell(client, party))["reference"]
    assert words.startswith(f"The shop has this already: payment {payment.number} of ")
    assert words.endswith("₹500.00.")


def test_an_accepted_claim_is_named_and_one_whose_payment_was_cancelled_too(client, party, owner):
    tell(client, party)
    claim = claims.accept(PaymentClaim.objects.get(), owner)
    assert claim.payment
    (words,) = errors(tell(client, party))["reference"]
    assert words.startswith(f"The shop has accepted this already: payment {claim.payment.number}")
    posting.cancel_payment(claim.payment, owner, "bounced")
    (words,) = errors(tell(client, party))["reference"]
    assert "which the shop has cancelled. Please ask the shop." in words


@pytest.mark.parametrize("how", ["claimed", "accepted", "entered"])
def test_a_reference_of_another_party_is_refused_without_a_word_about_whom(client, business, party, owner, how):
    other = make.make_party(business, name="Zeta Stores")
    if how == "entered":
        make.make_payment(other, 777_00, mode="bank", reference=UTR)
    else:
        claim = make.make_claim(other, 777_00, reference=UTR)
        if how == "accepted":
            claims.accept(claim, owner)
    page = tell(client, party)
    assert errors(page)["reference"] == [
        "This reference cannot be used here. Compare it with the message of your bank, or ask the shop."
    ]
    text = page.content.decode()
    assert [word for word in ("Zeta", "777", "RCT", "Look at it") if word in text] == []


def test_the_same_number_at_another_shop_stands_in_nobodys_way(client, party):
    make.make_claim(make.make_party(), reference=UTR)
    assert tell(client, party).status_code == 302


@pytest.mark.parametrize("how", ["declined", "taken back"])
def test_what_was_declined_or_taken_back_may_be_told_again(client, party, owner, how):
    tell(client, party)
    claim = PaymentClaim.objects.get()
    if how == "declined":
        claims.decline(claim, owner, "not there")
    else:
        claims.take_back(claim, owner)
    assert tell(client, party).status_code == 302


# --- who sees it --------------------------------------------------------------------------------------------


def test_two_people_of_the_party_see_one_claim_and_either_takes_it_back(client, party):
    where = tell(client, party).headers["Location"]
    munim = person(party, PartyPerson.Role.ACCOUNTANT)
    assert "Waiting for the shop" in munim.get(where).content.decode()
    assert munim.post(where + "take-back/").headers["Location"] == where
    assert PaymentClaim.objects.get().status == "withdrawn"
    assert "Taken back" in client.get(where).content.decode()
    assert client.post(where + "take-back/").status_code == 302


def test_people_who_may_only_order_have_no_money_pages(client, party):
    claim = make.make_claim(party)
    helper = person(party, PartyPerson.Role.ORDERS)
    for tail in ("pay/", "paid/", f"paid/{claim.public_id}/", f"paid/{claim.public_id}/image"):
        assert helper.get(at(party, tail)).status_code == 403
    assert tell(helper, party).status_code == 403
    assert helper.post(at(party, f"paid/{claim.public_id}/take-back/")).status_code == 403
    assert "Waiting for the shop" not in helper.get(at(party)).content.decode()


def test_claims_of_other_parties_and_shops_answer_like_absent_ones(client, business, party):
    rows = [make.make_claim(make.make_party(business)), make.make_claim(make.make_party())]
    absent = client.get(at(party, "paid/zzzzzzzzzzz9/"))
    for claim in rows:
        where = at(party, f"paid/{claim.public_id}/")
        answer = client.get(where)
        assert (answer.status_code, absent.status_code) == (404, 404)
        assert answer.content.decode().replace(claim.public_id, "zzzzzzzzzzz9") == absent.content.decode()
        assert client.get(where + "image").status_code == 404
        assert client.post(where + "take-back/").status_code == 404
    assert {claim.status for claim in PaymentClaim.objects.all()} == {"pending"}


def test_what_waits_stands_grey_beside_the_balance_and_not_in_it(client, party, bill):
    tell(client, party, f"paid/?invoice={bill.public_id}")
    for tail in ("", "ledger/", "pay/", f"invoices/{bill.public_id}/"):
        text = client.get(at(party, tail)).content.decode()
        assert "₹500.00" in text, tail
        assert "Not in your balance yet. Once accepted, you owe ₹500.00." in text, tail
        assert "₹1,000.00" in text, tail
    assert "Nothing was billed" not in client.get(at(party, "ledger/")).content.decode()


def test_the_answer_of_the_shop_stands_on_the_dashboard(client, party, owner):
    tell(client, party)
    tell(client, party, reference="412077812202", amount="200")
    one, two = PaymentClaim.objects.order_by("pk")
    claims.accept(one, owner, amount_paise=490_00)
    claims.decline(two, owner, "No money from you on this day.")
    text = client.get(at(party)).content.decode()
    assert "No money from you on this day." in text
    assert "the shop entered ₹490.00 of" in text
    assert "you wrote ₹500.00." in text
    assert "Accepted" in text
    assert "Declined" in text


def test_a_cancelled_payment_shows_on_its_claim(client, party, owner):
    tell(client, party)
    claim = claims.accept(PaymentClaim.objects.get(), owner)
    assert claim.payment
    posting.cancel_payment(claim.payment, owner, "bounced")
    text = client.get(at(party, f"paid/{claim.public_id}/")).content.decode()
    assert "Accepted, later cancelled" in text
    assert f"It was payment {claim.payment.number}, which the shop has cancelled since." in text


def test_a_public_link_shows_no_claim_and_leads_through_the_door_to_the_form(client, party, bill):
    make.make_claim(party, 321_00, invoice=bill, note="by Raju")
    link = links.for_invoice(bill, None)
    text = Client().get(links.path(link)).content.decode()
    assert "321" not in text
    assert "Raju" not in text
    door = f"{links.path(link)}/login?then=paid"
    assert f'href="{door}">I have paid</a>' in text
    assert Client().get(door).status_code == 200
    assert client.get(door).headers["Location"] == at(party, f"paid/?invoice={bill.public_id}")
    helper = person(party, PartyPerson.Role.ORDERS)
    assert helper.get(door).headers["Location"] == at(party)


# --- the screenshot -----------------------------------------------------------------------------------------


def test_a_screenshot_stays_readable_loses_its_name_and_is_private(client, party, owner):
    where = tell(client, party, screenshot=png()).headers["Location"]
    claim = PaymentClaim.objects.get()
    answer = client.get(where + "image")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer["Cache-Control"] == "no-store, private"  # the next one to use this browser may be another
    assert Pillow.open(io.BytesIO(answer.content)).size == (800, 1600)
    merchant = make.merchant_client(owner)
    assert merchant.get(f"/m/ram/claims/{claim.public_id}/image").status_code == 200
    rival = make.make_user()
    make.make_business(owner=rival, slug="rival")
    rivals = make.merchant_client(rival)
    assert rivals.get(f"/m/ram/claims/{claim.public_id}/image").status_code == 404
    assert rivals.get(f"/m/rival/claims/{claim.public_id}/image").status_code == 404
    assert Client().get(where + "image").status_code == 302


def test_what_is_no_picture_is_refused_at_its_field(client, party):
    response = tell(client, party, screenshot=SimpleUploadedFile("a.png", b"<svg onload=alert(1)>", "image/png"))
    assert errors(response)["screenshot"][0].startswith("This file is not a picture we can read.")
    assert "Please choose the screenshot again." in response.content.decode()
    assert not PaymentClaim.objects.exists()


# --- the rules themselves -----------------------------------------------------------------------------------


def test_the_database_keeps_a_transfer_to_one_claim_while_it_stands(business, party, owner):
    first, twin = make.make_claim(party, reference=UTR), make.make_claim(make.make_party(business))
    twin.reference = UTR
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    claims.decline(first, owner, "not there")
    twin.save()
    assert PaymentClaim.objects.filter(reference=UTR).count() == 2


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("tail", "count"), [("paid/", 1), ("pay/", 3), ("paid/{claim}/", 1)])
def test_pages_cost_the_same_with_one_claim_as_with_three(client, party, bill, rows, tail, count):
    for _ in range(rows):
        claim = make.make_claim(party, 10_00, invoice=bill)
        make.make_invoice(party)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(at(party, tail.format(claim=claim.public_id))).status_code == 200
    assert len(queries) == BASE + count


def test_looking_writes_nothing(client, party, bill):
    claim = make.make_claim(party, invoice=bill)
    with CaptureQueriesContext(connection) as queries:
        for tail in ("", "pay/?amount=5", "paid/", f"paid/{claim.public_id}/", "ledger/"):
            client.get(at(party, tail))
    assert [query["sql"] for query in queries if not query["sql"].startswith(("SELECT", "(SELECT"))] == []
