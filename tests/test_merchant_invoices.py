"""The merchant's invoices: list, editor, issue, cancel, orders billed."""

import datetime as dt
import re

import pytest

from accounts.idempotency import new_key
from accounts.india import today
from catalog import orders
from catalog.models import Item, Order
from ledger import posting
from ledger.models import Invoice, Payment, ShareLink
from tests.factories import (
    line,
    make_business,
    make_credit_note,
    make_invoice,
    make_item,
    make_party,
    make_payment,
    make_user,
    merchant_client,
    new_phone,
)

pytestmark = pytest.mark.django_db
DOORS = 4


@pytest.fixture
def owner():
    return make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make_business("Ram Kirana", owner, slug="ram", scheme="regular", gstin="27AAPFU0939F1ZV")


@pytest.fixture
def client(owner):
    return merchant_client(owner)


@pytest.fixture
def party(shop):
    return make_party(shop, "+919876543210", "Shree Ganesh")


def editor(*rows, do="draft", **head):
    """What the editor sends: rows are dicts of the fields that were typed."""
    data = {"form_key": new_key(), "issued_on": today().isoformat(), "due_on": "", "reference": "", "notes": ""}
    data |= {"rounds_off": "on", "do": do} | head
    data |= {"lines-TOTAL_FORMS": str(len(rows)), "lines-INITIAL_FORMS": "0", "lines-MAX_NUM_FORMS": "200"}
    for index, row in enumerate(rows):
        blank = dict.fromkeys(["item", "description", "hsn", "quantity", "unit", "price", "discount", "gst"], "")
        data |= {f"lines-{index}-{name}": value for name, value in (blank | row).items()}
    return data


def new_url(party):
    return f"/m/ram/invoices/new/?party={party.public_id}"


SALT = {"description": "Salt", "quantity": "10", "price": "100", "gst": "1800"}


# --- editor -------------------------------------------------------------------------------------------------


def test_a_draft_is_saved_with_tax_computed_and_without_a_number(client, party):
    response = client.post(new_url(party), editor(SALT, {}))
    invoice = Invoice.objects.get()
    assert response.headers["Location"] == f"/m/ram/invoices/{invoice.public_id}/"
    assert (invoice.status, invoice.number, invoice.cgst_paise, invoice.total_paise) == ("draft", "", 90_00, 1180_00)
    assert invoice.due_on == today() + dt.timedelta(days=15)


def test_the_due_date_follows_another_date_of_the_invoice(client, party):
    """Whoever writes yesterday's bill gets the days of credit from yesterday; without JavaScript too."""
    page = client.get(new_url(party)).content.decode()
    shown = {"initial-issued_on": today().isoformat(), "initial-due_on": later(15)}
    for name, value in shown.items():
        assert f'name="{name}" value="{value}"' in page
    assert "Their credit: 15 days." in page
    moved = shown | {"issued_on": later(-10), "due_on": later(15)}
    again = client.post(new_url(party), editor(SALT, do="preview", **moved)).content.decode()
    assert f'name="due_on" value="{later(5)}"' in again
    client.post(new_url(party), editor(SALT, **moved))
    assert Invoice.objects.get().due_on == today() + dt.timedelta(days=5)


@pytest.mark.parametrize("due", [15, 20], ids=["saved as chosen", "chosen now"])
def test_a_due_date_of_ones_own_choice_stays(client, party, due):
    """A draft's own due date, and one typed beside the new date."""
    saved = 15 if due == 20 else 14
    shown = {"initial-issued_on": later(0), "initial-due_on": later(saved)}
    chosen = saved if due == 15 else due
    client.post(new_url(party), editor(SALT, **shown, issued_on=later(-10), due_on=later(chosen)))
    assert Invoice.objects.get().due_on == today() + dt.timedelta(days=chosen)


def later(days):
    return (today() + dt.timedelta(days=days)).isoformat()


def test_issue_saves_numbers_and_posts_in_one_go(client, party):
    client.post(new_url(party), editor(SALT, do="issue"))
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.sequence) == ("issued", 1)
    assert invoice.open_item.total_paise == 1180_00


def test_what_they_had_in_advance_goes_towards_the_invoice_and_the_shop_is_told(client, party, shop):
    make_payment(party, 70_00)
    make_payment(make_party(shop), 999_00)
    client.post(new_url(party), editor(SALT, do="issue"))
    invoice = Invoice.objects.get()
    page = client.get(f"/m/ram/invoices/{invoice.public_id}/")
    assert [str(message) for message in page.context["messages"]] == [
        "Issued. ₹70.00 that they had with you in advance went towards it. Share it now."
    ]
    assert [row["amount"] for row in page.context["settled"]] == ["₹70.00"]
    assert invoice.open_item.open_paise == 1110_00


def test_a_double_click_on_issue_makes_one_invoice(client, party):
    data = editor(SALT, do="issue")
    first, second = client.post(new_url(party), data), client.post(new_url(party), data)
    assert first.headers["Location"] == second.headers["Location"]
    assert Invoice.objects.count() == 1


def test_a_double_click_on_issue_in_a_draft_just_shows_the_invoice(client, party):
    draft = make_invoice(party, issued=False)
    address, data = f"/m/ram/invoices/{draft.public_id}/edit/", editor(SALT, do="issue")
    client.post(address, data)
    again = client.post(address, data, follow=True)
    assert again.redirect_chain == [(f"/m/ram/invoices/{draft.public_id}/", 302)]
    assert [str(message) for message in again.context["messages"]] == ["Issued. Share it now."]
    other = client.post(address, editor(SALT | {"price": "1"}, do="issue"), follow=True)
    assert [str(message) for message in other.context["messages"]] == [
        "An issued invoice never changes. Cancel it, or write a credit note."
    ]


def test_a_double_click_on_issue_of_a_shown_draft_says_so_once(client, party):
    draft = make_invoice(party, issued=False)
    for _ in range(2):
        client.post(f"/m/ram/invoices/{draft.public_id}/issue/")
    page = client.get(f"/m/ram/invoices/{draft.public_id}/")
    assert [str(message) for message in page.context["messages"]] == ["Issued. Share it now."]


def test_the_same_form_key_with_other_contents_is_refused(client, party):
    data = editor(SALT)
    client.post(new_url(party), data)
    assert client.post(new_url(party), data | {"lines-0-quantity": "11"}).status_code == 422
    assert Invoice.objects.get().total_paise == 1180_00


@pytest.mark.parametrize("typed", ["tata salt", "T1"])
def test_without_javascript_an_item_is_found_by_name_or_code_and_fills_the_line(client, shop, party, typed):
    item = make_item(shop, "Tata Salt", code="T1", hsn="2501", unit="BAG", gst_rate_bp=500, unit_price_e4=57_6000)
    make_item(make_business(), "Tata Salt", code="T1", hsn="9999")
    client.post(new_url(party), editor({"description": typed, "quantity": "2"}))
    found = Invoice.objects.get().lines.get()
    assert (found.item, found.description, found.hsn, found.unit) == (item, "Tata Salt", "2501", "BAG")
    assert (found.unit_price_e4, found.gst_rate_bp, found.quantity_milli) == (57_6000, 500, 2000)


def test_a_picked_item_is_dropped_when_the_text_names_something_else(client, shop, party):
    item = make_item(shop, "Tata Salt")
    rows = (
        SALT | {"item": item.public_id, "description": "Tata Salt, festive pack"},
        SALT | {"item": item.public_id, "description": "Delivery"},
    )
    client.post(new_url(party), editor(*rows))
    assert [found.item for found in Invoice.objects.get().lines.all()] == [item, None]


def test_a_foreign_item_is_never_taken_onto_the_bill(client, party):
    foreign = make_item(make_business(), "Foreign Salt")
    client.post(new_url(party), editor(SALT | {"item": foreign.public_id, "description": "Foreign Salt"}))
    assert Invoice.objects.get().lines.get().item is None


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        (SALT | {"price": "-4"}, "price", "The price cannot be negative."),
        (SALT | {"quantity": "-1"}, "quantity", "The quantity cannot be negative."),
        (SALT | {"quantity": "0"}, "quantity", "The quantity must be more than zero."),
        (SALT | {"quantity": ""}, "quantity", "Write the quantity."),
        (SALT | {"price": ""}, "price", "Write the price."),
        (SALT | {"description": ""}, "description", "Write what you sell on this line."),
        (SALT | {"gst": ""}, "gst", "Choose the GST rate: 0% if there is none."),
        (SALT | {"hsn": "12"}, "hsn", "An HSN code has 4, 6 or 8 digits, a SAC 6 digits beginning with 99."),
        (
            SALT | {"quantity": "99999999", "price": "99999999"},
            "price",
            "This line is above 999 crore rupees. Check quantity and price.",
        ),
        (SALT | {"discount": "1001"}, "discount", "The discount is larger than the line: ₹1,000.00."),
        (
            SALT | {"price": "ten"},
            "price",
            "This is not a number we can read. Write it like 1,18,000.50.",
        ),
        (SALT | {"gst": "1200"}, "gst", None),
    ],
)
def test_a_wrong_line_says_what_is_wrong_at_its_field_and_keeps_what_was_typed(client, party, row, field, words):
    response = client.post(new_url(party), editor(SALT, {}, row, do="issue"))
    assert response.status_code == 400
    forms = response.context["editor"].lines.forms
    assert forms[0].errors == {}
    expected = words or f"GST of 12% does not exist on {today():%-d %b %Y}."
    assert forms[2].errors == {field: [expected]}
    assert forms[2][field].value() == row[field]
    assert response.context["problems"] == ["Look at line 3 again: the fields marked red say what is wrong."]
    assert Invoice.objects.count() == 0


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"issued_on": "2999-01-01"}, "The date lies in the future. Choose today or an earlier day."),
        ({"issued_on": "1999-01-01"}, "Choose a day after 1 Jul 2017."),
        ({"issued_on": ""}, "Please choose a date."),
    ],
)
def test_a_wrong_date_is_explained(client, party, head, words):
    response = client.post(new_url(party), editor(SALT, **head))
    assert response.status_code == 400
    assert response.context["editor"].head.errors["issued_on"] == [words]


def test_a_due_date_before_the_date_is_refused(client, party):
    response = client.post(new_url(party), editor(SALT, due_on="2020-01-01"))
    assert response.context["editor"].head.errors["due_on"] == ["The due date lies before the date of the invoice."]


def test_blank_lines_only_are_not_an_invoice(client, party):
    response = client.post(new_url(party), editor({}, {"hsn": "2501"}))
    assert response.status_code == 400
    assert response.context["problems"] == ["Write at least one line: what you sold and how many."]


def test_a_total_beyond_reason_is_refused_in_words(client, party):
    rows = [SALT | {"price": "9990000000", "quantity": "1"}] * 2
    response = client.post(new_url(party), editor(*rows, do="issue"))
    assert response.status_code == 400
    assert response.context["problems"] == ["This amount is too large: at most 999 crore rupees."]
    assert Invoice.objects.count() == 0


def test_closed_books_refuse_the_invoice_and_no_draft_is_left_behind(client, shop, party):
    shop.books_closed_on = today()
    shop.save()
    response = client.post(new_url(party), editor(SALT, do="issue"))
    assert response.status_code == 400
    assert response.context["problems"][0].startswith("The books are closed up to")
    assert Invoice.objects.count() == 0


def test_more_lines_keep_what_was_typed_even_when_it_is_wrong(client, party):
    response = client.post(new_url(party), editor(SALT | {"price": "-4"}, {}, do="more", notes="By tempo"))
    assert response.status_code == 200
    forms = response.context["editor"].lines.forms
    assert len(forms) == 6
    assert (forms[0]["description"].value(), forms[0]["price"].value()) == ("Salt", "-4")
    assert response.context["editor"].head["notes"].value() == "By tempo"
    assert Invoice.objects.count() == 0


def test_the_preview_computes_right_lines_and_writes_nothing(client, party):
    data = editor(SALT, SALT | {"price": "-1"}) | {"party": party.public_id}
    response = client.post("/m/ram/invoices/preview/", data)
    preview = response.context["preview"]
    assert preview.rows == [("Taxable value", "₹1,000.00"), ("CGST", "₹90.00"), ("SGST", "₹90.00")]
    assert (preview.total, preview.amounts) == ("₹1,180.00", {0: "1,000.00"})
    assert Invoice.objects.count() == 0


def test_the_preview_of_a_foreign_party_is_404(client, shop):
    foreign = make_party(make_business())
    data = editor(SALT) | {"party": foreign.public_id}
    assert client.post("/m/ram/invoices/preview/", data).status_code == 404


def test_a_business_that_charges_no_tax_has_no_gst_column(client, shop, party):
    shop.scheme, shop.gstin = "unregistered", ""
    shop.save()
    assert "gst" not in client.get(new_url(party)).context["editor"].lines.forms[0].fields
    client.post(new_url(party), editor(SALT | {"gst": "1800"}))
    assert Invoice.objects.get().total_paise == 1000_00


def test_a_draft_is_edited_and_an_issued_invoice_is_not(client, shop, party):
    draft = make_invoice(party, issued=False, lines=[line("Old", paise=1_00)])
    page = client.get(f"/m/ram/invoices/{draft.public_id}/edit/")
    assert page.context["editor"].lines.forms[0]["description"].value() == "Old"
    client.post(f"/m/ram/invoices/{draft.public_id}/edit/", editor(SALT))
    assert [found.description for found in draft.lines.all()] == ["Salt"]
    client.post(f"/m/ram/invoices/{draft.public_id}/issue/")
    client.post(f"/m/ram/invoices/{draft.public_id}/edit/", editor(SALT | {"price": "1"}))
    draft.refresh_from_db()
    assert (draft.status, draft.total_paise) == ("issued", 1180_00)


def test_a_draft_shown_again_comes_back_as_it_was(client, shop, party):
    client.post(new_url(party), editor(SALT | {"gst": "1800i", "quantity": "2.5", "discount": "10"}))
    draft = Invoice.objects.get()
    before = (draft.total_paise, draft.taxable_paise)
    form = client.get(f"/m/ram/invoices/{draft.public_id}/edit/").context["editor"].lines.forms[0]
    row = {name: str(form.fields[name].prepare_value(form[name].value()) or "") for name in form.fields}
    assert (row["gst"], row["quantity"], row["price"], row["discount"]) == ("1800i", "2.5", "100.00", "10.00")
    client.post(f"/m/ram/invoices/{draft.public_id}/edit/", editor(row))
    draft.refresh_from_db()
    assert (draft.total_paise, draft.taxable_paise) == before


def test_a_draft_can_be_discarded_and_an_issued_invoice_cannot(client, party):
    draft, issued = make_invoice(party, issued=False), make_invoice(party)
    for invoice in (draft, issued):
        client.post(f"/m/ram/invoices/{invoice.public_id}/discard/")
    assert list(Invoice.objects.all()) == [issued]


def test_choosing_the_party_goes_straight_on_when_one_fits(client, shop, party):
    make_party(shop, name="Sai Traders")
    assert len(client.get("/m/ram/invoices/new/").context["picks"]) == 2
    response = client.get("/m/ram/invoices/new/?q=ganesh")
    assert response.headers["Location"] == new_url(party)


def test_a_foreign_party_cannot_be_billed(client, shop):
    foreign = make_party(make_business())
    assert client.get(new_url(foreign)).status_code == 404
    assert client.post(new_url(foreign), editor(SALT)).status_code == 404


def test_the_picker_offers_own_items_in_use(client, shop):
    make_item(shop, "Tata Salt", unit_price_e4=57_6000, gst_rate_bp=500, hsn="2501")
    make_item(shop, "Old Salt", is_active=False)
    make_item(make_business(), "Foreign Salt")
    found = client.get("/m/ram/invoices/items/?q=salt").json()["items"]
    assert [(item["name"], item["price"], item["gst"]) for item in found] == [("Tata Salt", "57.60", "500")]


# --- list ---------------------------------------------------------------------------------------------------


@pytest.fixture
def papers(party, owner):
    """One document in every state, by its state."""
    past = today() - dt.timedelta(days=30)
    made = {
        "paid": make_invoice(party, paise=100_00),
        "part_paid": make_invoice(party, paise=200_00),
        "unpaid": make_invoice(party, paise=300_00),
        "overdue": make_invoice(party, paise=400_00, on=past, due_on=past),
        "draft": make_invoice(party, issued=False),
        "cancelled": make_invoice(party),
        "credit_note": make_credit_note(party),
    }
    for name, part in (("paid", 100_00), ("part_paid", 50_00)):
        make_payment(party, part, shares=[(made[name].open_item.pk, part)])

    posting.cancel_invoice(made["cancelled"], owner, "Mistake")
    return made


@pytest.mark.parametrize(
    ("show", "states"),
    [
        ("paid", {"paid"}),
        ("part_paid", {"part_paid"}),
        ("unpaid", {"part_paid", "unpaid", "overdue"}),
        ("overdue", {"overdue"}),
        ("draft", {"draft"}),
        ("cancelled", {"cancelled"}),
        ("credit_note", {"credit_note"}),
        ("", {"paid", "part_paid", "unpaid", "overdue", "draft", "cancelled"}),
    ],
)
def test_the_list_shows_documents_by_state(client, papers, show, states):
    make_invoice(make_party(make_business()))
    rows = client.get("/m/ram/invoices/", {"show": show}).context["rows"]
    assert {row.href.split("/")[-2] for row in rows} == {papers[state].public_id for state in states}


def test_search_finds_by_number_party_and_reference(client, shop, party):
    wanted = make_invoice(party, reference="PO-778")
    make_invoice(make_party(shop, name="Sai Traders"))
    make_invoice(make_party(make_business(), name="Shree Ganesh"), reference="PO-778")
    note = make_credit_note(party)
    assert [row.href.split("/")[-2] for row in client.get("/m/ram/invoices/?q=CN/").context["rows"]] == [note.public_id]
    for text in (wanted.number, "po-778"):
        rows = client.get("/m/ram/invoices/", {"q": text}).context["rows"]
        assert [row.number for row in rows] == [wanted.number]


def test_the_list_pages_without_losing_or_repeating_a_row(client, party):
    made = {make_invoice(party).number for _ in range(53)}
    first = client.get("/m/ram/invoices/")
    second = client.get("/m/ram/invoices/" + first.context["page"].older)
    seen = [row.number for response in (first, second) for row in response.context["rows"]]
    assert len(seen) == 53
    assert set(seen) == made
    assert client.get("/m/ram/invoices/" + second.context["page"].newer).context["rows"] == first.context["rows"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_one_query_whatever_its_length(client, shop, count, django_assert_num_queries):
    for _ in range(count):
        make_invoice(make_party(shop))
    with django_assert_num_queries(DOORS + 1):
        assert len(client.get("/m/ram/invoices/").context["rows"]) == count


# --- one invoice --------------------------------------------------------------------------------------------


def test_the_page_shows_paper_standing_and_what_settled_it(client, party):
    invoice = make_invoice(party, paise=12_34_567_12)
    make_payment(party, 34_567_12, mode=Payment.Mode.UPI)
    response = client.get(f"/m/ram/invoices/{invoice.public_id}/")
    page = response.content.decode()
    assert response.context["standing"].due_paise == 12_00_000_00
    assert [(row["amount"], row["note"].split(" · ")[0]) for row in response.context["settled"]] == [
        ("₹34,567.12", "UPI")
    ]
    assert "Twelve lakh thirty-four thousand five hundred sixty-seven rupees and twelve paise only" in page
    assert "+91 98•••• 3210" in page
    assert "98765 43210" not in page


def test_looking_at_an_invoice_makes_no_link(client, party):
    invoice = make_invoice(party)
    for address in (f"/m/ram/invoices/{invoice.public_id}/", f"/m/ram/invoices/{invoice.public_id}/share/"):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert ShareLink.objects.count() == 0


def test_a_foreign_invoice_and_one_that_does_not_exist_give_the_same_404(client, shop):
    foreign = make_invoice(make_party(make_business(), name="Secret Stores"))
    draft = make_invoice(foreign.party, issued=False)
    for name in ("", "edit/", "cancel/", "share/", "pdf"):
        answers = [client.get(f"/m/ram/invoices/{which}/{name}") for which in (foreign.public_id, "zzzzzzzzzzzz")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    for name in ("issue/", "discard/"):
        assert client.post(f"/m/ram/invoices/{draft.public_id}/{name}").status_code == 404
    for name in ("cancel/", "share/"):
        assert client.post(f"/m/ram/invoices/{foreign.public_id}/{name}", {"reason": "x"}).status_code == 404
    foreign.refresh_from_db()
    draft.refresh_from_db()
    assert (foreign.status, draft.status) == ("issued", "draft")


def test_cancelling_needs_a_reason_and_turns_payments_into_an_advance(client, party):
    invoice = make_invoice(party, paise=100_00)
    payment = make_payment(party, 60_00)
    address = f"/m/ram/invoices/{invoice.public_id}/cancel/"
    nothing = client.post(address, {"form_key": new_key(), "reason": " "})
    assert nothing.status_code == 400
    assert nothing.context["form"].errors["reason"] == ["Please fill this in."]
    assert client.post(address, {"form_key": new_key(), "reason": "Wrong party"}).status_code == 302
    invoice.refresh_from_db()
    payment.open_item.refresh_from_db()
    assert (invoice.status, invoice.cancel_reason, payment.unallocated_paise) == ("cancelled", "Wrong party", 60_00)


def test_cancelling_a_used_credit_note_says_that_its_bill_is_due_again(client, party):
    note = make_credit_note(original=make_invoice(party), paise=40_00)
    address, data = f"/m/ram/invoices/{note.public_id}/cancel/", {"form_key": new_key(), "reason": "Mistake"}
    assert "The ₹40.00 it had settled is due again." in client.get(address).content.decode()
    response = client.post(address, data, follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        "Cancelled. The bills it had settled are due again."
    ]


def test_a_long_invoice_is_shown_in_part_and_all_of_it_when_asked(client, party):
    invoice = make_invoice(party, lines=[line(f"Item {n}") for n in range(75)])
    address = f"/m/ram/invoices/{invoice.public_id}/"
    page = client.get(address)
    assert [row.position for row in page.context["lines"]] == list(range(1, 61))
    assert '<a href="?lines=all">Show 15 more lines</a>' in page.content.decode()
    whole = client.get(address + "?lines=all")
    assert len(whole.context["lines"]) == 75
    assert "more lines" not in whole.content.decode()


def test_one_button_shares_an_invoice_that_was_not_shared_yet(client, party):
    invoice = make_invoice(party)
    address = f"/m/ram/invoices/{invoice.public_id}/share/"
    page = client.get(f"/m/ram/invoices/{invoice.public_id}/").content.decode()
    assert page.count(f'action="{address}"') == 1
    assert "Not shared yet." in page


def test_an_invoice_with_a_credit_note_is_not_cancelled_before_it(client, party):
    invoice = make_invoice(party)
    make_credit_note(original=invoice, paise=10_00)
    response = client.post(f"/m/ram/invoices/{invoice.public_id}/cancel/", {"form_key": new_key(), "reason": "Mistake"})
    assert response.status_code == 400
    assert response.context["form"].non_field_errors() == ["Cancel its credit notes first."]


def test_a_credit_note_is_shown_under_its_own_name(client, party):
    note = make_credit_note(original=make_invoice(party), paise=40_00)
    response = client.get(f"/m/ram/invoices/{note.public_id}/")
    assert response.context["title"] == "Credit Note"
    assert response.context["sentence"] == "Credit you gave, used in full."
    assert "Record payment" not in response.content.decode()


def test_the_pdf_is_a_pdf_named_after_the_number(client, party):
    invoice = make_invoice(party)
    response = client.get(f"/m/ram/invoices/{invoice.public_id}/pdf")
    assert response.content[:5] == b"%PDF-"
    assert response.headers["Content-Disposition"] == f'inline; filename="{invoice.number.replace("/", "-")}.pdf"'


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_an_invoice_asks_the_same_queries_whatever_is_on_it(
    client, shop, party, count, django_assert_num_queries
):
    invoice = make_invoice(party, paise=900_00, lines=[line(paise=900_00)] * count)
    client.post(f"/m/ram/invoices/{invoice.public_id}/share/")
    for _ in range(count):
        make_payment(party, 10_00)
    # invoice; party; links; allocations; lines; activity, messages, opens; related documents;
    # what is promised and asked
    with django_assert_num_queries(DOORS + 10):
        assert len(client.get(f"/m/ram/invoices/{invoice.public_id}/").context["settled"]) == count


# --- orders -------------------------------------------------------------------------------------------------


@pytest.fixture
def order(shop, party):
    rice = make_item(shop, "Rice", stock_milli=10_000, hsn="1006", gst_rate_bp=500)
    return orders.place(party, make_user(new_phone()), {rice.pk: 2_000})


def test_billing_an_order_makes_its_draft_once_and_gives_the_kept_stock_back(client, order):
    address = f"/m/ram/orders/{order.public_id}/bill/"
    first, second = client.post(address), client.post(address)
    invoice = Invoice.objects.get()
    assert first.headers["Location"] == second.headers["Location"] == f"/m/ram/invoices/{invoice.public_id}/"
    assert (invoice.status, invoice.order, invoice.total_paise) == ("draft", order, 210_00)
    found = invoice.lines.get()
    assert (found.hsn, found.gst_rate_bp, found.quantity_milli) == ("1006", 500, 2_000)
    order.refresh_from_db()
    item = Item.objects.get()
    assert (order.status, item.reserved_milli, item.stock_milli) == ("billed", 0, 10_000)


def test_an_order_whose_bill_was_cancelled_can_be_billed_again(client, order, owner):

    address = f"/m/ram/orders/{order.public_id}/bill/"
    client.post(address)
    posting.cancel_invoice(posting.issue(Invoice.objects.get(), owner), owner, "Mistake")
    client.post(address)
    assert list(Invoice.objects.order_by("id").values_list("status", flat=True)) == ["cancelled", "draft"]


def test_a_declined_order_is_not_billed(client, order, owner):
    orders.close(order, Order.Status.DECLINED, owner, "Sold out")
    response = client.post(f"/m/ram/orders/{order.public_id}/bill/")
    assert response.headers["Location"] == f"/m/ram/orders/{order.public_id}/"
    assert Invoice.objects.count() == 0


def test_an_order_of_another_shop_is_404(client, shop):
    other = make_business()
    item = make_item(other)
    foreign = orders.place(make_party(other), make_user(), {item.pk: 1000})
    assert client.post(f"/m/ram/orders/{foreign.public_id}/bill/").status_code == 404
    assert Invoice.objects.count() == 0


def test_without_a_search_those_billed_last_are_offered_first(client, shop, party):
    other, never = make_party(shop, name="Aaa Stores"), make_party(shop, name="Bbb Stores")
    assert [row.name for _href, row in client.get("/m/ram/invoices/new/").context["picks"]] == [
        other.name,
        never.name,
        party.name,
    ]
    make_invoice(other)
    make_invoice(party)
    picks = client.get("/m/ram/invoices/new/").context["picks"]
    assert [row.name for _href, row in picks] == [party.name, other.name]


# --- tax that a price holds, or does not ----------------------------------------------------------------------


def first(pattern, page):
    found = re.search(pattern, page, re.DOTALL)
    assert found, pattern
    return found[1]


def gst_choices(page, row=0):
    found = first(rf'<select[^>]*name="lines-{row}-gst"[^>]*>(.*?)</select>', page)
    return dict(re.findall(r'<option value="([^"]*)"(?: selected)?>([^<]*)</option>', found))


def test_no_price_includes_tax_where_the_buyer_pays_it(client, party):
    row = SALT | {"gst": "1800i"}
    taxed = client.post(new_url(party), editor(row, do="preview")).content.decode()
    assert gst_choices(taxed)["1800i"] == "18% incl."
    reverse = client.post(new_url(party), editor(row, do="preview", reverse_charge="on")).content.decode()
    assert "data-untaxed" in reverse
    assert gst_choices(reverse)["1800i"] == "18%"
    assert "1800" not in gst_choices(reverse)
    assert " incl." not in reverse.replace("* incl.", "")
    client.post(new_url(party), editor(row, reverse_charge="on"))
    line = Invoice.objects.get().lines.get()
    assert (line.price_includes_tax, line.taxable_paise, line.total_paise) == (True, 1000_00, 1000_00)
    page = client.get(f"/m/ram/invoices/{Invoice.objects.get().public_id}/").content.decode()
    assert "incl. GST" not in page


@pytest.mark.parametrize(("lut", "said"), [("AD270326000001X", False), ("", True)])
def test_a_buyer_abroad_is_told_of_tax_only_when_it_is_paid(client, shop, lut, said):
    shop.lut_number = lut
    shop.save()
    abroad = make_party(shop, name="Dubai Mart", state_code="96")
    page = client.get(new_url(abroad)).content.decode()
    assert ("18% incl." in gst_choices(page).values()) is said


# --- a draft from before the shop charged tax -----------------------------------------------------------------


@pytest.fixture
def old_draft(shop, party):
    """Written under composition: an item of 18%, one that includes its tax and bears cess, and a word of one's own."""
    shop.scheme = "composition"
    shop.save()
    party.business = shop
    salt = make_item(shop, "Salt", gst_rate_bp=1800, hsn="2501")
    cola = make_item(shop, "Cola", gst_rate_bp=1800, price_includes_tax=True, hsn="2202", cess_rate_bp=1200)
    lines = [line("Salt", item=salt, gst_rate_bp=1800), line("Cola", item=cola, gst_rate_bp=1800), line("Help")]
    draft = make_invoice(party, issued=False, lines=lines)
    assert [row.gst_rate_bp for row in draft.lines.all()] == [0, 0, 0]
    shop.scheme = "regular"
    shop.save()
    return draft


def test_a_draft_without_tax_is_not_issued_by_a_shop_that_charges_it(client, old_draft):
    page = f"/m/ram/invoices/{old_draft.public_id}/"
    assert "while your shop charged no GST" in client.get(page).content.decode()
    client.post(f"{page}issue/")
    assert Invoice.objects.get().status == "draft"


def test_the_editor_takes_the_rates_of_such_a_draft_from_the_items_again(client, old_draft):
    page = client.get(f"/m/ram/invoices/{old_draft.public_id}/edit/").content.decode()
    assert "while your shop charged no GST" in page
    rates = [first(rf'name="lines-{n}-gst".*?value="([^"]*)" selected', page) for n in range(2)]
    assert rates == ["1800", "1800i"]
    ids = re.findall(r'name="lines-\d+-item" value="([^"]+)"', page)
    rows = [
        {"item": ids[0], "description": "Salt", "quantity": "1", "price": "100", "gst": rates[0], "hsn": "2501"},
        {"item": ids[1], "description": "Cola", "quantity": "1", "price": "130", "gst": rates[1], "hsn": "2202"},
        {"description": "Help", "quantity": "1", "price": "100", "gst": "", "hsn": "998713"},
    ]
    url = f"/m/ram/invoices/{old_draft.public_id}/edit/"
    assert client.post(url, editor(*rows, do="issue")).status_code == 400  # nobody knows the rate of the third line
    rows[2]["gst"] = "0"
    client.post(url, editor(*rows, do="issue"))
    issued = Invoice.objects.get()
    assert issued.status == "issued"
    assert [row.gst_rate_bp for row in issued.lines.all()] == [1800, 1800, 0]
    assert (issued.taxable_paise, issued.cess_paise) == (300_00, 12_00)


def test_a_draft_of_a_shop_that_charges_tax_keeps_its_rates_of_nil(client, shop, party):
    item = make_item(shop, "Salt", gst_rate_bp=1800, hsn="2501")
    party.business = shop
    draft = make_invoice(party, issued=False, lines=[line("Salt", item=item, hsn="2501")])
    page = client.get(f"/m/ram/invoices/{draft.public_id}/edit/").content.decode()
    assert first(r'name="lines-0-gst".*?value="([^"]*)" selected', page) == "0"
    client.post(f"/m/ram/invoices/{draft.public_id}/issue/")
    assert Invoice.objects.get().status == "issued"


def test_paid_is_said_of_money_alone(client, party):
    make_payment(party, 100_00)
    by_money = make_invoice(party, paise=100_00)
    by_credit = make_invoice(party, paise=300_00)
    make_credit_note(party, original=by_credit, lines=[line(paise=300_00)])
    rows = client.get("/m/ram/invoices/?show=paid").content.decode()
    assert sorted(re.findall(r'class="badge paid">([^<]*)<', rows)) == ["Paid", "Settled"]
    page = client.get(f"/m/ram/invoices/{by_credit.public_id}/").content.decode()
    assert "Settled: ₹300.00 credited. Nothing is due." in page
    page = client.get(f"/m/ram/invoices/{by_money.public_id}/").content.decode()
    assert "Paid in full. Nothing is due." in page
