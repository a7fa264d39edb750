"""All live links of a shop: found by party, kind and end, ended one by one, many at once, or all of a party."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Activity
from ledger import links, statements
from ledger.models import LinkOpen, ShareLink
from tests import factories as make

pytestmark = pytest.mark.django_db
DOORS = 4


@pytest.fixture
def owner():
    return make.make_user(name="Ramesh")


@pytest.fixture
def shop(owner):
    return make.make_business("Ram Kirana", owner, slug="ram")


@pytest.fixture
def desk(owner):
    return make.merchant_client(owner)


def shared(party, owner):
    """Links of every kind: portal, invoice, receipt, statement; the invoice's ends in ten days."""
    invoice, payment = make.make_invoice(party), make.make_payment(party, 40_00)
    made = [
        links.for_party(party, owner),
        links.for_invoice(invoice, owner),
        links.for_receipt(payment, owner),
        links.for_statement(party, statements.this_financial_year(), owner),
    ]
    ShareLink.objects.filter(pk=made[1].pk).update(expires_at=timezone.now() + dt.timedelta(days=10))
    return made


def listed(desk, query=""):
    answer = desk.get(f"/m/ram/links/{query}")
    assert answer.status_code == 200
    return [row.public_id for row in answer.context["rows"]]


def ids(*found):
    return [link.public_id for link in found]


def test_every_live_link_is_listed_with_what_was_done_through_it(shop, owner, desk):
    anil, sita = make.make_party(shop, name="Anil"), make.make_party(shop, name="Sita")
    of_anil, of_sita = shared(anil, owner), shared(sita, owner)
    foreign = links.for_party(make.make_party(make.make_business("Zebra"), name="Zebra Mills"), owner)
    for device in ("Firefox", "Redmi, Android"):
        LinkOpen.objects.create(business=shop, link=of_anil[1], event="opened", device=device)
    LinkOpen.objects.create(business=shop, link=of_anil[1], event="saved", device="iPhone")
    links.revoke(of_sita[0], owner)
    assert listed(desk) == ids(*reversed(of_sita[1:]), *reversed(of_anil))
    assert listed(desk, "?show=portal") == ids(of_anil[0])
    assert listed(desk, "?show=invoice&q=ani") == ids(of_anil[1])
    assert listed(desk, "?show=soon") == ids(of_anil[1], of_sita[1])
    assert listed(desk, f"?party={sita.public_id}&show=receipt") == ids(of_sita[2])
    assert desk.get(f"/m/ram/links/?party={foreign.party.public_id}").status_code == 404
    html = desk.get("/m/ram/links/?show=invoice&q=anil").content.decode()
    for words in ("Opened 2×", "(Redmi, Android)", "PDF saved 1×", "Made by Ramesh", "Works until"):
        assert words in html
    assert "Zebra" not in desk.get("/m/ram/links/").content.decode()
    party_page = desk.get(f"/m/ram/parties/{anil.public_id}/").content.decode()
    assert ("(Redmi, Android)" in party_page, f"/m/ram/links/?party={anil.public_id}" in party_page) == (True, True)


def test_the_ticked_ones_end_at_once_and_the_filter_is_kept(shop, owner, desk):
    anil = make.make_party(shop, name="Anil")
    portal, invoice, receipt, _statement = shared(anil, owner)
    foreign = links.for_party(make.make_party(make.make_business("Zebra")), owner)
    form = {"link": [*ids(portal, receipt, foreign), "zzzzzzzzzzzz"], "q": "ani", "party": anil.public_id}
    answers = [desk.post("/m/ram/links/revoke/", form) for _ in range(2)]
    assert {answer["Location"] for answer in answers} == {f"/m/ram/links/?q=ani&party={anil.public_id}"}
    assert [desk.get(links.path(link)).status_code for link in (portal, receipt, invoice, foreign)] == [
        410,
        410,
        200,
        200,
    ]
    assert sorted(Activity.objects.filter(verb="link_revoked").values_list("subject_kind", flat=True)) == [
        "portal",
        "receipt",
    ]
    assert "Tick the links first." in desk.post("/m/ram/links/revoke/", {}, follow=True).content.decode()
    assert desk.post("/m/ram/links/revoke/", {"link": ["x"] * 51}).status_code == 404
    answer = desk.post(f"/m/ram/parties/{anil.public_id}/links/revoke/", {"from": "links"})
    assert (answer["Location"], listed(desk)) == ("/m/ram/links/", [])


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_is_one_query_and_goes_on_by_keyset(shop, owner, desk, count, monkeypatch, django_assert_num_queries):
    for n in range(count):
        for link in shared(make.make_party(shop, name=f"Mill {n}"), owner):
            LinkOpen.objects.create(business=shop, link=link, event="opened", device="Redmi")
    with django_assert_num_queries(DOORS + 1):
        desk.get("/m/ram/links/")
    with django_assert_num_queries(DOORS + 1):
        desk.get("/m/ram/links/?show=soon")
    everything, seen, query = listed(desk), [], ""
    monkeypatch.setattr("accounts.paging.page.__kwdefaults__", {"key": "public_id", "size": 3})
    while True:
        page = desk.get(f"/m/ram/links/{query}").context
        seen += [row.public_id for row in page["rows"]]
        if not (query := page["page"].older):
            break
    assert (seen, len(seen)) == (everything, 4 * count)
