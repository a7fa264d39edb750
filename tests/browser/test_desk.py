"""What the shop does for its customers' portal, walked at 360 px with JavaScript and without: answers, and links ended."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from accounts.india import today
from accounts.models import Business, DataRequest, Party, User
from ledger import confirmations, links
from ledger.models import ConfirmationRequest, Invoice, PaymentClaim, Query, ShareLink
from tests import factories
from tests.browser.conftest import Post
from tests.browser.test_roads import Walker


@dataclass(frozen=True)
class Desk:
    """A shop where one customer waits for three answers, and holds two links; a neighbour holds one."""

    owner: User
    business: Business
    party: Party
    bill: Invoice
    query: Query
    claim: PaymentClaim
    correction: DataRequest
    bill_link: ShareLink
    portal_link: ShareLink
    neighbours_link: ShareLink


@pytest.fixture
def desk(post: Post) -> Desk:
    owner = factories.make_user(name="Ramesh")
    business = factories.make_business("Ram & Sons", owner, slug="ram", upi_id="ram@okaxis")
    party = factories.make_party(business, factories.new_phone(), "Shree Ganesh")
    bill = factories.make_invoice(party, paise=500_00)
    neighbour = factories.make_invoice(factories.make_party(business, factories.new_phone(), "Metro"), paise=70_00)
    return Desk(
        owner,
        business,
        party,
        bill,
        factories.make_query(bill),
        factories.make_claim(party, 200_00),
        factories.make_correction(party, name="Ganesh & Sons", city="Nashik"),
        links.for_invoice(bill, owner),
        links.for_party(party, owner),
        links.for_invoice(neighbour, owner),
    )


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def merchant(
    request: pytest.FixtureRequest,
    watched_page: Callable[..., Page],
    sign_in: Callable[..., None],
    desk: Desk,
    post: Post,
) -> Walker:
    has_js = bool(request.param)
    page = watched_page(is_mobile=True, has_touch=True, device_scale_factor=2, java_script_enabled=has_js)
    sign_in(page, merchant=desk.owner)
    return Walker(page, post, has_js=has_js)


def test_everything_a_shop_does_for_its_customers_portal(merchant: Walker, desk: Desk) -> None:
    answer_the_question(merchant, desk)
    take_the_claim(merchant, desk)
    put_the_details_right(merchant, desk)
    ask_for_the_balance(merchant, desk)
    end_the_links(merchant, desk)


def answer_the_question(merchant: Walker, desk: Desk) -> None:
    merchant.open("/m/ram/questions/", "Questions")
    merchant.main.get_by_role("link", name="Shree Ganesh").first.click()
    merchant.see(desk.query.get_about_display())
    merchant.tap("Answer")
    merchant.see(desk.query.get_about_display())
    words = merchant.main.locator("textarea")
    expect(words).to_have_attribute("aria-invalid", "true")
    words.fill("One bag more comes tomorrow")
    merchant.tap("Answer and close")
    merchant.see(desk.query.get_about_display())
    desk.query.refresh_from_db()
    assert desk.query.status == Query.Status.CLOSED


def take_the_claim(merchant: Walker, desk: Desk) -> None:
    merchant.open(f"/m/ram/claims/{desk.claim.public_id}/", "₹200.00")
    merchant.tap("Yes, accept ₹200.00")
    merchant.see("₹200.00")
    desk.claim.refresh_from_db()
    assert (desk.claim.status, desk.claim.payment and desk.claim.payment.amount_paise) == ("accepted", 200_00)


def put_the_details_right(merchant: Walker, desk: Desk) -> None:
    """The name as they wish it; the town stays."""
    merchant.open("/m/ram/requests/", "Asked about their data")
    merchant.main.get_by_role("link", name="Shree Ganesh").first.click()
    merchant.see("Put details right")
    merchant.main.get_by_label("Address").uncheck()
    merchant.write(Words_for_your_customer="The town is Nasik on your certificate")
    merchant.tap("Put right what is ticked")
    merchant.see("Put details right")
    desk.party.refresh_from_db()
    assert (desk.party.name, desk.party.city) == ("Ganesh & Sons", "")


def ask_for_the_balance(merchant: Walker, desk: Desk) -> None:
    day = today() - dt.timedelta(days=1)
    merchant.open(f"/m/ram/parties/{desk.party.public_id}/confirm/", "Balance confirmations")
    merchant.main.locator("input[type=date]").fill(day.isoformat())
    merchant.tap("Ask", within=merchant.main)
    merchant.see("Balance confirmations")
    assert ConfirmationRequest.objects.get().as_on == day
    assert confirmations.unanswered(desk.party) == day


def end_the_links(merchant: Walker, desk: Desk) -> None:
    """One that is ticked, then all of the party; the neighbour's works on."""
    merchant.open("/m/ram/links/", "Links that work")
    row = merchant.main.get_by_role("row").filter(has_text=desk.bill.number).filter(has_text="Ganesh & Sons")
    row.locator("label").click()
    expect(row.get_by_role("checkbox")).to_be_checked()
    merchant.tap("Revoke the ticked ones")
    merchant.see("Links that work")
    assert works(desk) == (False, True, True)
    merchant.open(f"/m/ram/links/?party={desk.party.public_id}", "Links that work")
    merchant.tap("Revoke all links of this party")
    merchant.see("Links that work")
    assert works(desk) == (False, False, True)
    merchant.open(links.path(desk.bill_link), "This link has ended")


def works(desk: Desk) -> tuple[bool, ...]:
    live = set(ShareLink.objects.live().values_list("pk", flat=True))
    return tuple(link.pk in live for link in (desk.bill_link, desk.portal_link, desk.neighbours_link))
