"""Cancelling a document in the browser: why is asked, the form acts once, whatever kind of document it is."""

from typing import Any

import pytest
from django.test import Client

from accounts.idempotency import new_key
from ledger.models import Adjustment, Entry, Invoice, Payment
from tests.factories import (
    make_adjustment,
    make_business,
    make_invoice,
    make_party,
    make_payment,
    make_user,
    merchant_client,
)

pytestmark = pytest.mark.django_db
Document = Invoice | Payment | Adjustment


@pytest.fixture
def client() -> Client:
    return merchant_client(make_user(name="Ramesh"))


@pytest.fixture(params=["invoice", "payment", "adjustment"])
def document(request: pytest.FixtureRequest, client: Client) -> Document:
    from accounts.models import User

    party = make_party(make_business("Ram Kirana", User.objects.get(), slug="ram"), name="Shree Ganesh")
    makers: dict[str, Any] = {"invoice": make_invoice, "payment": make_payment, "adjustment": make_adjustment}
    made: Document = makers[request.param](party)
    return made


def page_of(document: Document) -> str:
    return f"/m/ram/{document._meta.model_name}s/{document.public_id}/"


def reversals() -> int:
    return Entry.objects.filter(reverses__isnull=False).count()


def test_two_clicks_on_cancel_reverse_it_once_and_say_so_once(client: Client, document: Document):
    data = {"form_key": new_key(), "reason": "Mistake"}
    answers = [client.post(page_of(document) + "cancel/", data) for _click in range(2)]
    assert [answer.headers["Location"] for answer in answers] == [page_of(document)] * 2
    said = client.get(page_of(document)).context["messages"]
    assert (reversals(), len(list(said))) == (1, 1)
    document.refresh_from_db()
    assert (document.status, document.cancel_reason) == ("cancelled", "Mistake")


def test_the_same_form_with_another_reason_is_refused_and_leads_to_what_was_saved(client: Client, document: Document):
    data = {"form_key": new_key(), "reason": "Mistake"}
    client.post(page_of(document) + "cancel/", data)
    refused = client.post(page_of(document) + "cancel/", data | {"reason": "Bounced"})
    assert (refused.status_code, refused.context["back"]) == (422, page_of(document))
    document.refresh_from_db()
    assert (reversals(), document.cancel_reason) == (1, "Mistake")


def test_a_cancelled_document_has_no_page_that_asks_again(client: Client, document: Document):
    assert client.get(page_of(document) + "cancel/").status_code == 200
    client.post(page_of(document) + "cancel/", {"form_key": new_key(), "reason": "Mistake"})
    assert client.get(page_of(document) + "cancel/").headers["Location"] == page_of(document)


def test_without_a_reason_nothing_is_cancelled(client: Client, document: Document):
    refused = client.post(page_of(document) + "cancel/", {"form_key": new_key(), "reason": " "})
    assert (refused.status_code, refused.context["form"].errors["reason"]) == (400, ["Please fill this in."])
    assert reversals() == 0
