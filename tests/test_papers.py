"""A paper is made once for all it shows, kept, made ahead after issue, and forgotten when nobody asks for it."""

import datetime as dt
import hashlib
import os

import pytest
from django.test import Client
from django.utils import timezone

from accounts import drainer, images
from accounts.models import Image
from ledger import links, papers, pdf, posting, tasks
from ledger.models import Invoice, Paper
from tests import factories as make
from tests.threads import in_parallel

pytestmark = pytest.mark.django_db


def fresh(invoice: Invoice) -> Invoice:
    """As the pages read it."""
    return Invoice.objects.select_related("business", "party", "open_item").get(pk=invoice.pk)


def ask(invoice: Invoice, language: str = "") -> bytes:
    return papers.of_invoice(fresh(invoice), language)


@pytest.fixture
def drawn(monkeypatch):
    """How often WeasyPrint was really set to work: the engine still draws."""
    names = []
    write = pdf.write

    def counted(name, *args, **kwargs):
        names.append(name)
        return write(name, *args, **kwargs)

    monkeypatch.setattr(pdf, "write", counted)
    return names


@pytest.fixture
def shop():
    return make.make_business("Ram Kirana", upi_id="ram@okaxis", bank_account="50100234567890", bank_ifsc="HDFC0001234")


@pytest.fixture
def invoice(shop):
    return make.make_invoice(make.make_party(shop, name="Ganesh Stores"), paise=1000_00)


def test_the_second_who_asks_gets_the_same_bytes_without_drawing(invoice, drawn):
    assert ask(invoice) == ask(invoice)
    assert len(drawn) == 1
    assert Paper.objects.get().party_id == invoice.party_id


def test_a_kept_paper_costs_one_query(invoice, django_assert_num_queries):
    ask(invoice)
    found = fresh(invoice)
    with django_assert_num_queries(1):
        papers.of_invoice(found)


def test_two_renders_are_equal_to_the_byte(invoice):
    found = fresh(invoice)
    assert papers.render_invoice(found, "en") == papers.render_invoice(found, "en")


def test_whatever_is_printed_makes_another_paper(shop, invoice, drawn):
    ask(invoice)
    picture = Image.objects.create(business=shop, data=make.PIXEL, content_type="image/png", width=1, height=1)
    changes = {
        "colour": "#1a4d8f",
        "paper_style": "modern",
        "upi_id": "ram@okhdfc",
        "bank_ifsc": "HDFC0009999",
        "bank_account": "50100234567891",
        "bank_name": "HDFC",
        "name": "Ram Kirana & Sons",
        "logo": picture,
        "signature": picture,
    }
    for made, (field, value) in enumerate(changes.items(), start=2):
        setattr(shop, field, value)
        shop.save()
        ask(invoice)
        assert len(drawn) == made, field
    ask(invoice, "hi")
    make.make_payment(invoice.party, 400_00)
    ask(invoice)
    assert len(drawn) == 12


def test_what_is_not_printed_makes_no_other_paper(shop, invoice, drawn):
    ask(invoice)
    shop.default_credit_days = 90
    shop.save()
    invoice.party.name = "Ganesh General Stores"
    invoice.party.save()
    ask(invoice)
    assert len(drawn) == 1


def test_a_cancelled_one_is_another_paper(invoice):
    before = ask(invoice)
    posting.cancel_invoice(invoice, make.make_user(), "wrong")
    assert ask(invoice) != before


def test_another_edition_of_the_software_makes_other_papers(invoice, drawn, monkeypatch):
    ask(invoice)
    monkeypatch.setattr(papers, "edition", lambda: "another")
    ask(invoice)
    assert len(drawn) == 2


def test_equal_documents_of_two_shops_are_two_papers():
    for name in ("Ram", "Shyam"):
        business = make.make_business(name)
        ask(make.make_invoice(make.make_party(business, name="Ganesh")))
    assert Paper.objects.count() == 2


def test_a_draft_is_never_kept(shop):
    draft = make.make_invoice(make.make_party(shop), issued=False)
    assert b"%PDF" in papers.of_invoice(Invoice.objects.select_related("business", "party").get(pk=draft.pk))
    assert not Paper.objects.exists()


def test_a_render_that_fails_gives_its_claim_back(invoice, monkeypatch):
    for error in (RuntimeError("a fault of ours"), pdf.Late("the machine is busy")):

        def fails(*_args: object, error: Exception = error, **_kwargs: object) -> None:
            raise error

        with monkeypatch.context() as broken:
            broken.setattr(pdf, "draw", fails)
            with pytest.raises(Exception, match=r"a fault of ours|1 lines"):
                ask(invoice)
        assert not Paper.objects.exists()
    assert ask(invoice).startswith(b"%PDF")


def test_what_took_too_much_is_not_tried_again(invoice, drawn, monkeypatch):
    monkeypatch.setattr(pdf, "MAX_CHARACTERS", 10)
    for _ in range(3):
        with pytest.raises(papers.TooLong, match="1 lines"):
            ask(invoice)
        with pytest.raises(papers.TooLong, match="1 lines"):
            papers.at_once(fresh(invoice))
    assert len(drawn) == 1
    assert Paper.objects.get().content == papers.REFUSED


def test_a_claim_left_behind_is_taken_over_after_the_lease(invoice, drawn):
    ask(invoice)
    Paper.objects.update(content=None, claimed_at=timezone.now() - papers.LEASE - dt.timedelta(seconds=1))
    assert ask(invoice).startswith(b"%PDF")
    assert len(drawn) == 2
    assert Paper.objects.get().content is not None


def test_a_late_first_claimant_does_not_write_over_the_second(invoice):
    found = fresh(invoice)

    def slow():
        Paper.objects.update(content=b"of the second", claimed_at=timezone.now() + dt.timedelta(seconds=1))
        return b"of the first"

    assert papers.kept(found.business_id, found.party_id, {"of": "me"}, slow) == b"of the first"
    assert bytes(Paper.objects.get().content or b"") == b"of the second"


def test_asking_is_noted_once_a_day_and_what_nobody_asks_for_is_forgotten(invoice):
    ask(invoice)
    noted = Paper.objects.get().asked_at
    ask(invoice)
    assert Paper.objects.get().asked_at == noted
    Paper.objects.update(asked_at=noted - dt.timedelta(days=2))
    ask(invoice)
    assert Paper.objects.get().asked_at >= noted
    other = make.make_invoice(invoice.party, paise=5_00)
    ask(other)
    Paper.objects.exclude(pk=Paper.objects.order_by("pk")[0].pk).update(asked_at=noted - dt.timedelta(days=31))
    assert tasks.forget_old_papers() == 1
    assert Paper.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_who_ask_at_once_and_the_background_make_one(invoice, drawn):
    def one(number):
        if number == 0:
            tasks.make_paper(invoice.pk)
        return hashlib.sha256(ask(invoice)).hexdigest()

    assert len(set(in_parallel(one, 21))) == 1
    assert len(drawn) == 1
    assert Paper.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_issued_document_is_drawn_in_the_background_in_the_language_of_its_party(shop, settings, monkeypatch, drawn):
    settings.REDIS_URL = ""
    monkeypatch.setattr(drainer, "_started_in", os.getpid())
    monkeypatch.setattr(drainer, "_given", type(drainer._given)())
    issued = make.make_invoice(make.make_party(shop, language="hi"))
    (work,) = drainer._given
    work()
    assert len(drawn) == 1
    ask(issued)
    ask(issued, "hi")
    assert len(drawn) == 1
    make.make_invoice(issued.party, issued=False)
    assert len(drainer._given) == 1


@pytest.mark.django_db(transaction=True)
def test_without_a_drainer_and_without_redis_nothing_waits(shop, settings):
    settings.REDIS_URL = ""
    make.make_invoice(make.make_party(shop))
    assert not drainer._given


def test_a_document_that_is_gone_or_too_long_is_left_alone(invoice, monkeypatch):
    tasks.make_paper(0)
    monkeypatch.setattr(papers, "MAX_LINES", 0)
    tasks.make_paper(invoice.pk)
    assert Paper.objects.get().content == papers.REFUSED


def test_a_long_bill_is_made_in_the_background_while_a_page_asks_again(invoice, drawn, monkeypatch):
    monkeypatch.setattr(papers, "AT_ONCE_LINES", 0)
    where = links.path(links.for_invoice(invoice, None))
    asked = Client().get(f"{where}/pdf")
    assert asked.status_code == 202
    assert f"url={where}/pdf?waited=1" in asked.content.decode()
    assert f'href="{where}"' in asked.content.decode()
    assert drawn == []
    tasks.make_paper(invoice.pk)
    ready = Client().get(f"{where}/pdf?waited=1")
    assert ready.content.startswith(b"%PDF")
    assert drawn == ["invoice"]


def test_who_has_waited_long_for_a_long_bill_gets_it_made_at_once(invoice, monkeypatch):
    monkeypatch.setattr(papers, "AT_ONCE_LINES", 0)
    where = links.path(links.for_invoice(invoice, None))
    assert Client().get(f"{where}/pdf?waited={papers.MAX_WAITS}").content.startswith(b"%PDF")


def test_all_doors_give_the_same_file(shop):
    owner = make.make_user()
    make.make_membership(shop, owner)
    party = make.make_party(shop, make.new_phone())
    invoice = make.make_invoice(party)
    public = Client().get(links.path(links.for_invoice(invoice, None)) + "/pdf")
    merchant = make.merchant_client(owner).get(f"/m/{shop.slug}/invoices/{invoice.public_id}/pdf")
    assert public.content == merchant.content == ask(invoice)
    assert Paper.objects.count() == 1


def test_a_key_names_everything_of_its_paper():
    shows = {"facts": "f", "due": 1, "language": "en"}
    keys = {papers.key_of(shows | change) for change in ({}, {"due": 2}, {"language": "hi"}, {"facts": "g"})}
    assert len(keys) == 4
    assert papers.key_of(dict(reversed(shows.items()))) == papers.key_of(shows)


def test_pictures_are_small_before_they_are_printed(shop):
    assert pdf.picture(None) == ""
    assert pdf.picture(Image(data=b"<svg onload='x'>")) == ""
    flood = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + (6400).to_bytes(4) + (6400).to_bytes(4)
    assert pdf.picture(Image(data=flood + bytes.fromhex("0802000000") + b"\0" * 40)) == ""
    assert images.MAX_PIXELS <= 6400 * 6400
