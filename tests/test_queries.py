"""“Something differs”: who may ask what, what both sides say, and what a reminder asks."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from PIL import Image as Pillow

from accounts import images, limits, parties
from accounts.idempotency import new_key
from accounts.models import Image, Notice, PartyPerson
from ledger import queries
from ledger.models import Invoice, Query, QueryMessage
from tests import factories as make

pytestmark = pytest.mark.django_db
DOORS = 4


@pytest.fixture
def business():
    return make.make_business("Ram Kirana", make.make_user(name="Ramesh"), slug="ram")


@pytest.fixture
def party(business):
    return make.make_party(business, make.new_phone(), "Shree Ganesh")


@pytest.fixture
def bill(party):
    return make.make_invoice(party, lines=[make.line("Rice", paise=600_00), make.line("Sugar", paise=400_00)])


@pytest.fixture
def client(party, bill):
    return make.customer_client(party)


@pytest.fixture
def desk(business):
    return make.merchant_client(business.memberships.get().user)


def at(party, tail=""):
    return f"/portal/{party.public_id}/{tail}"


def asked(**fields):
    return {"form_key": new_key(), "line": "", "about": "quantity", "text": "Two bags were torn"} | fields


def errors(response):
    return {name: list(words) for name, words in response.context["form"].errors.items()}


def text_of(response):
    return response.content.decode()


def photo():
    out = io.BytesIO()
    Pillow.new("RGB", (30, 20), "green").save(out, "PNG")
    return SimpleUploadedFile("../../etc/passwd.png", out.getvalue(), "image/png")


def paused():
    return set(Invoice.objects.filter(queries.open_about()).values_list("pk", flat=True))


# --- what it pauses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_line", [False, True])
def test_a_query_pauses_reminders_of_its_invoice_while_the_shop_has_not_answered(party, bill, by_line):
    make.make_invoice(party)
    query = make.make_query(bill, line=bill.lines.last() if by_line else None)
    asker, shop = make.make_user(), make.make_user()
    assert paused() == {bill.pk}
    queries.write(query, shop, queries.Said("We look"), is_of_shop=True)
    assert paused() == set()
    queries.write(query, asker, queries.Said("And?"), is_of_shop=False)
    assert (paused(), queries.is_open_about(bill)) == ({bill.pk}, True)
    queries.close(query, asker, is_of_shop=False)
    assert (paused(), queries.is_open_about(bill)) == (set(), False)


def test_a_query_of_a_payment_pauses_no_invoice(party, bill):
    make.make_query(make.make_payment(party, 100_00))
    assert (paused(), Query.objects.count()) == (set(), 1)


# --- asking -------------------------------------------------------------------------------------------------


def test_a_customer_asks_about_a_line_and_the_shop_answers(client, desk, party, bill):
    where = at(party, f"questions/new/?invoice={bill.public_id}")
    answer = client.post(where, asked(line="2", picture=photo()))
    query = Query.objects.get()
    assert answer["Location"] == at(party, f"questions/{query.public_id}/")
    assert (query.invoice_id, query.line_position, query.about, query.status) == (bill.pk, 2, "quantity", "open")
    own, theirs = f"/m/ram/questions/{query.public_id}/", at(party, f"questions/{query.public_id}/")
    page = desk.get(own)
    assert (page.context["line"], page.context["line_amount"]) == ("2. Sugar", "₹400.00")
    assert "Two bags were torn" in text_of(page)
    desk.post(own, {"form_key": new_key(), "text": "We send two new ones"})
    assert [word.text for word in client.get(theirs).context["words"]] == ["Two bags were torn", "We send two new ones"]
    assert [word.who for word in client.get(theirs).context["words"]][1] == "Ram Kirana"
    assert client.get(theirs).context["state"] == "Answered"
    client.post(theirs, {"form_key": new_key(), "text": "Only one came"})
    assert desk.get("/m/ram/").context["waiting"].queries == 1
    desk.post(own, {"form_key": new_key(), "text": "Credited", "closes": "1"})
    query.refresh_from_db()
    assert (query.status, desk.get("/m/ram/").context["waiting"].queries) == ("closed", 0)
    client.post(theirs, {"form_key": new_key(), "text": "Not yet"})
    query.refresh_from_db()
    assert query.status == "open"
    told = Notice.objects.filter(business=party.business, kind=Notice.Kind.QUERY)
    assert {notice.data["ref"] for notice in told} == {query.public_id}
    assert told.count() == 3  # asked, and twice again after an answer


def test_both_sides_see_it_on_the_document_and_on_the_row_of_the_ledger(client, desk, party, bill):
    payment = make.make_payment(party, 100_00)
    query, other = make.make_query(bill), make.make_query(payment)
    for browser, page in (
        (client, at(party, f"invoices/{bill.public_id}/")),
        (desk, f"/m/ram/invoices/{bill.public_id}/"),
    ):
        assert [row.href.split("/")[-2] for row in browser.get(page).context["talks"]] == [query.public_id]
    shown = desk.get(f"/m/ram/payments/{payment.public_id}/").context["talks"]
    assert [row.href.split("/")[-2] for row in shown] == [other.public_id]
    receipt = client.get(at(party, f"payments/{payment.public_id}/"))
    assert [row.href.split("/")[-2] for row in receipt.context["talks"]] == [other.public_id]
    for browser, page in ((client, at(party, "ledger/")), (desk, f"/m/ram/parties/{party.public_id}/")):
        rows = browser.get(page).context["rows"]
        assert [row.query.split("/")[-2] for row in rows] == [query.public_id, other.public_id]
    queries.close(query, make.make_user(), is_of_shop=True)
    assert client.get(at(party, f"invoices/{bill.public_id}/")).context["talks"] == []


def test_every_row_of_the_ledger_leads_to_its_question(client, party, bill):
    make.make_payment(party, 100_00)
    make.make_adjustment(party, 5_00)
    answer = client.get(at(party, "questions/new/"))
    assert answer["Location"] == at(party, "ledger/?ask=1")
    rows = client.get(answer["Location"]).context["rows"]
    for row in rows:
        assert client.post(row.href, asked()).status_code == 302
    found = Query.objects.order_by("pk")
    assert [[bool(getattr(q, f"{n}_id")) for n in q.SOURCES] for q in found] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]


def test_sent_twice_it_asks_once_and_other_contents_or_another_photo_are_refused(client, party, bill):
    where, first = at(party, f"questions/new/?invoice={bill.public_id}"), asked()
    assert [client.post(where, first).status_code for _ in range(2)] == [302, 302]
    assert client.post(where, first | {"text": "Else"}).status_code == 422
    assert client.post(where, first | {"picture": photo()}).status_code == 422
    assert (Query.objects.count(), QueryMessage.objects.count()) == (1, 1)


@pytest.mark.parametrize("side", ["customer", "shop"])
def test_a_word_sent_twice_is_said_once(client, desk, party, bill, side):
    query = make.make_query(bill)
    browser, where = (client, at(party, "questions/")) if side == "customer" else (desk, "/m/ram/questions/")
    word = {"form_key": new_key(), "text": "And now?"}
    assert [browser.post(f"{where}{query.public_id}/", word).status_code for _ in range(2)] == [302, 302]
    assert browser.post(f"{where}{query.public_id}/", word | {"text": "Else"}).status_code == 422
    assert browser.post(f"{where}{query.public_id}/", {"form_key": new_key(), "text": ""}).status_code == 400
    assert query.messages.count() == 2


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"text": ""}, {"text": ["Write a few words."]}),
        ({"text": "x" * 1001}, {"text": ["This is too long: at most 1000 characters."]}),
        ({"about": "else"}, {"about": ["Please choose one from the list."]}),
        ({"line": "9"}, {"line": ["Please choose one from the list."]}),
        (
            {"picture": SimpleUploadedFile("x.png", b"<svg/>", "image/png")},
            {"picture": ["This file is not a picture we can read. Choose a JPEG, PNG or WEBP."]},
        ),
    ],
)
def test_what_is_wrong_is_said_next_to_the_field(client, party, bill, fields, wrong):
    answer = client.post(at(party, f"questions/new/?invoice={bill.public_id}"), asked(**fields))
    assert (answer.status_code, errors(answer)) == (400, wrong)
    assert Query.objects.count() == 0


def test_the_same_is_asked_once_and_leads_to_what_was_asked(client, party, bill):
    query = make.make_query(bill, line=bill.lines.first())
    where = at(party, f"questions/new/?invoice={bill.public_id}")
    answer = client.post(where, asked(line="1"))
    assert answer.status_code == 400
    assert at(party, f"questions/{query.public_id}/") in text_of(answer)
    assert client.post(where, asked(line="2")).status_code == 302


def test_thirty_open_questions_are_enough(party):
    payments = [make.make_payment(party, 1_00) for _ in range(31)]
    for payment in payments[:30]:
        make.make_query(payment)
    with pytest.raises(queries.QueryRefused, match="wait already"):
        make.make_query(payments[30])


def test_nothing_that_was_asked_or_said_can_be_changed_and_no_line_of_another_bill_named(party, bill):
    query, other = make.make_query(bill), make.make_invoice(party)
    for change in ({"invoice": other}, {"about": "other"}, {"line_position": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Query.objects.filter(pk=query.pk).update(**change)
    for deed in (query.messages.all().delete, lambda: query.messages.update(text="x"), query.delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            deed()
    with pytest.raises(queries.QueryRefused):
        make.make_query(other, line=bill.lines.last())
    with pytest.raises(queries.QueryRefused):
        queries.ask(make.make_party(party.business), make.make_user(), bill, "other", queries.Said("x"))


# --- who may see it -----------------------------------------------------------------------------------------


def test_drafts_and_what_is_not_theirs_cannot_be_asked_about(client, party, business):
    draft = make.make_invoice(party, issued=False)
    foreign = make.make_invoice(make.make_party(business), paise=4321_00)
    for document in (draft, foreign):
        answer = client.post(at(party, f"questions/new/?invoice={document.public_id}"), asked())
        assert answer.status_code == 404
    payment = make.make_payment(foreign.party, 10_00)
    assert client.get(at(party, f"questions/new/?payment={payment.public_id}")).status_code == 404
    assert Query.objects.count() == 0


def test_a_photo_is_made_anew_and_shown_to_both_sides_alone(client, desk, party, bill, business):
    client.post(at(party, f"questions/new/?invoice={bill.public_id}"), asked(picture=photo()))
    query, message = Query.objects.get(), QueryMessage.objects.get()
    tail = f"questions/{query.public_id}/{message.public_id}/image"
    for browser, where in ((client, at(party, tail)), (desk, f"/m/ram/{tail}")):
        shown = browser.get(where)
        assert (shown["Content-Type"], shown.content[:4]) == ("image/webp", b"RIFF")
    neighbour = make.customer_client(make.make_party(business, make.new_phone()))
    helper = make.new_phone()
    parties.add_person(party, helper, "", PartyPerson.Role.ORDERS, None)
    assert neighbour.get(at(party, tail)).status_code == 404
    assert make.customer_client(helper).get(at(party, tail)).status_code == 403
    assert Image.objects.get().width == 30


def test_so_many_pictures_an_hour_are_looked_at_also_of_forms_that_are_refused(client, party, bill):
    query = make.make_query(make.make_payment(party, 1_00))
    forms = [
        (f"questions/new/?invoice={bill.public_id}", asked(text="", picture=photo())),
        (f"questions/{query.public_id}/", {"form_key": new_key(), "text": "", "picture": photo()}),
        ("paid/", {"form_key": new_key(), "screenshot": photo()}),
    ]
    limits.count("pictures", str(party.pk), seconds=images.HOUR, add=images.MOST_AN_HOUR - len(forms))
    for status in (400, 429):
        for tail, form in forms:
            for sent in form.values():
                if not isinstance(sent, str):
                    sent.seek(0)
            assert client.post(at(party, tail), form).status_code == status
    assert client.post(at(party, forms[0][0]), asked(text="")).status_code == 400


def test_a_helper_for_orders_asks_nothing_and_reads_nothing(party, bill):
    helper, munim = make.new_phone(), make.new_phone()
    parties.add_person(party, helper, "", PartyPerson.Role.ORDERS, None)
    parties.add_person(party, munim, "", PartyPerson.Role.ACCOUNTANT, None)
    query = make.make_query(bill, "torn bags")
    browser = make.customer_client(helper)
    for tail in ("questions/", f"questions/new/?invoice={bill.public_id}", f"questions/{query.public_id}/"):
        assert (browser.get(at(party, tail)).status_code, browser.post(at(party, tail), asked()).status_code) in (
            (403, 403),
            (403, 405),
        )
    assert "torn" not in text_of(browser.get(at(party)))
    assert make.customer_client(munim).get(at(party, f"questions/{query.public_id}/")).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_the_same_with_one_question_as_with_three(
    client, desk, party, bill, rows, django_assert_num_queries
):
    for _ in range(rows):
        query = make.make_query(make.make_payment(party, 1_00))
        queries.write(query, make.make_user(), queries.Said("and"), is_of_shop=False)
        for _ in range(rows):
            queries.write(query, make.make_user(), queries.Said("well"), is_of_shop=True)
            queries.write(query, make.make_user(), queries.Said("and"), is_of_shop=False)
    for browser, where, count in (
        (client, at(party, "questions/"), 1),
        (client, at(party, f"questions/{query.public_id}/"), 2),
        (client, at(party, f"questions/new/?invoice={bill.public_id}"), 2),
        (desk, "/m/ram/questions/", 1),
        (desk, f"/m/ram/questions/{query.public_id}/", 2),
    ):
        with django_assert_num_queries(DOORS + count):
            browser.get(where)
