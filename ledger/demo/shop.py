"""Sets the demo shop up once, and says how to log in to it as often as asked."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from accounts import businesses, parties
from accounts.gstin import check_digit
from accounts.india import today
from accounts.models import Business, Membership, Party, PartyPerson, User
from catalog import items, orders, stock
from catalog.models import Item, Order, Storefront
from ledger import billing, drafting, links, numbering, posting, statements
from ledger.demo import claimed, pictures, talks
from ledger.demo.contents import (
    BUSINESS,
    BUYERS,
    CATALOGUE,
    MAIN,
    MERCHANT_NAME,
    MERCHANT_PHONE,
    OTHER,
    SECOND_BUSINESS,
    SECOND_GOODS,
    SECOND_OWNER,
    SECOND_PATTERN,
    SECOND_PHONE,
    SECOND_SLUG,
    SLUG,
    STOPPED,
    TWO_SHOPS,
    Buyer,
    Goods,
)
from ledger.demo.year import SHOWN_REFERENCE, Year
from ledger.drafting import Draft, DraftLine
from ledger.models import Invoice, Payment, Series

HELPER_PHONE, HELPER_NAME = "+919820000099", "Raju"
SMALLEST_ORDER_PAISE = 1_000_00
FULL_SHELF = 3_000  # counted before the year begins, so that nothing sells out in the middle of it

# Two seeds at once: the second waits, and finds the shop made.
SEED_LOCK = 1397507149


class SeedRefused(Exception):
    """The demo cannot be put here; the message is for people."""


@dataclass(frozen=True, slots=True)
class Facts:
    """How to log in to the demo. Numbers are E.164, paths begin at the site's root, the balance is in paise."""

    merchant_phone: str
    business_slug: str
    customer_phone: str
    other_customer_phone: str
    invoice_number: str
    invoice_path: str
    portal_path: str
    receipt_path: str
    statement_path: str
    customer_balance_paise: int
    helper_phone: str
    two_shops_phone: str
    second_merchant_phone: str
    second_business_slug: str


@transaction.atomic
def seed() -> Facts:
    """Make the demo unless it is there, whole or not at all. Raises SeedRefused."""
    if connection.vendor == "postgresql":  # SQLite lets one writer in at a time anyway
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEED_LOCK])
    business = Business.objects.filter(slug=SLUG).first()
    if business is None:
        business = _make()
    elif not Membership.objects.filter(business=business, user__phone=MERCHANT_PHONE).exists():
        raise SeedRefused(f"There is a business {SLUG} already that is not the demo's.")
    return _facts(business)


def _facts(business: Business) -> Facts:
    owner = User.objects.get(phone=MERCHANT_PHONE)
    party = _party(business, MAIN)
    invoices = Invoice.objects.filter(business=business, party=party).order_by("-issued_on", "-pk")
    shown = (
        invoices.open().filter(reference=SHOWN_REFERENCE).first()
        or invoices.open().first()
        or invoices.get(reference=SHOWN_REFERENCE)
    )
    return Facts(
        merchant_phone=MERCHANT_PHONE,
        business_slug=business.slug,
        customer_phone=_number(party),
        other_customer_phone=_number(_party(business, OTHER)),
        invoice_number=shown.number,
        invoice_path=links.path(links.for_invoice(shown, owner)),
        portal_path=links.path(links.for_party(party, owner)),
        receipt_path=links.path(links.for_receipt(_accepted(party), owner)),
        statement_path=links.path(links.for_statement(party, statements.this_financial_year(), owner)),
        customer_balance_paise=statements.balance(party),
        helper_phone=HELPER_PHONE,
        two_shops_phone=_number(_party(business, TWO_SHOPS)),
        second_merchant_phone=SECOND_PHONE,
        second_business_slug=SECOND_SLUG,
    )


def _accepted(party: Party) -> Payment:
    """The payment that the customer told of and the shop accepted; else the newest."""
    payments = Payment.objects.filter(business_id=party.business_id, party=party).order_by("-pk")
    return payments.filter(claim__isnull=False).first() or payments[:1].get()


def _party(business: Business, buyer: Buyer) -> Party:
    return Party.objects.select_related("business").get(business=business, reference=_reference(buyer))


def _reference(buyer: Buyer) -> str:
    return f"RK-{BUYERS.index(buyer) + 1:03d}"


def _phone(buyer: Buyer) -> str:
    return f"+9198200000{BUYERS.index(buyer) + 11}"


def _number(party: Party) -> str:
    return str(party.people.get(is_main=True).phone)


# --- making it ----------------------------------------------------------------------------------------------


def _make() -> Business:
    if Business.objects.filter(slug=SECOND_SLUG).exists():
        raise SeedRefused(f"There is a business {SECOND_SLUG} already that is not the demo's.")
    owner = _merchant(MERCHANT_PHONE, MERCHANT_NAME)
    business = businesses.open_business(owner, Business(slug=SLUG, **BUSINESS))
    Storefront.objects.filter(pk=orders.store_of(business).pk).update(minimum_order_paise=SMALLEST_ORDER_PAISE)
    shelf = [
        (goods, _item(business, owner, category, goods, f"RK{n:03d}"))
        for n, (category, goods) in enumerate(((c, g) for c, found in CATALOGUE.items() for g in found), start=101)
    ]
    found = {buyer: _new_party(business, owner, buyer) for buyer in BUYERS}
    parties.add_person(found[MAIN], HELPER_PHONE, HELPER_NAME, PartyPerson.Role.ORDERS, owner)
    walk_in = Party.objects.create(business=business, name="Cash sales", is_walk_in=True)
    Year(business, owner, found, walk_in, shelf).happen()
    for goods, item in shelf:
        if goods.stock is not None:
            stock.count(item, goods.stock * 1000, owner)
    _order(found, owner, {goods.name: item for goods, item in shelf})
    talks.happen(found[MAIN], found[OTHER], owner)
    bills = found[MAIN].invoices
    customer = _user(_number(found[MAIN]), MAIN.person)
    claimed.happen(found[MAIN], customer, owner, lambda reference: bills.get(reference=reference))
    parties.set_shared(found[STOPPED], False, owner)
    _make_second(_number(found[TWO_SHOPS]))
    return business


def _user(phone: str, name: str) -> User:
    """A customer as after a login."""
    return User.objects.filter(phone=phone).first() or User.objects.create_user(phone, name)


def _merchant(phone: str, name: str) -> User:
    user = businesses.user_with(phone, name)
    if user is None:
        raise SeedRefused(f"The demo's merchant {phone} has been shut out here.")
    return user


def _item(business: Business, owner: User, category: str, goods: Goods, code: str) -> Item:
    item = Item(
        business=business,
        name=goods.title,
        code=code,
        hsn=goods.hsn,
        unit=goods.unit,
        unit_price_e4=round(goods.price * 10_000),
        price_includes_tax=goods.includes_tax,
        gst_rate_bp=goods.rate * 100,
        tracks_stock=goods.stock is not None,
    )
    counted = None if goods.stock is None else FULL_SHELF * 1000
    return items.save(item, owner, category=category, picture=pictures.draw(goods), counted_milli=counted)


def _new_party(business: Business, owner: User, buyer: Buyer) -> Party:
    first14 = f"{buyer.state}{buyer.pan}1Z"
    party = Party(
        business=business,
        name=buyer.name,
        gstin=first14 + check_digit(first14) if buyer.pan else "",
        address=buyer.address,
        city=buyer.city,
        pin_code=buyer.pin,
        state_code=buyer.state,
        credit_days=buyer.credit_days,
        credit_limit_paise=buyer.limit and buyer.limit * 100,
        language=buyer.language,
        reference=_reference(buyer),
        note="Invented for the demo: name, GSTIN and mobile number are nobody's.",
    )
    return parties.save(party, _phone(buyer), buyer.person, owner)


def _order(found: dict[Buyer, Party], owner: User, goods: dict[str, Item]) -> None:
    """Orders in every state. Who ordered has a user, as after a login."""
    now = timezone.now()

    def place(buyer: Buyer, wanted: dict[str, int], days_ago: float, note: str = "", phone: str = "") -> Order:
        party = found[buyer]
        phone, name = (phone, HELPER_NAME) if phone else (_number(party), buyer.person)
        order = orders.place(
            party, _user(phone, name), {goods[key].pk: n * 1000 for key, n in wanted.items()}, note=note
        )
        Order.objects.filter(pk=order.pk).update(placed_at=now - dt.timedelta(days=days_ago))
        return order

    mangaluru, caterers, hotel, mini_mart = (
        next(buyer for buyer in BUYERS if buyer.name == name)
        for name in ("City Mart", "Annapurna Caterers", "Hotel Shreyas", "A to Z Mini Mart")
    )
    refused = place(caterers, {"Kabuli chana": 40, "Vanaspati": 12}, 21)
    orders.close(refused, Order.Status.DECLINED, owner, "Kabuli chana is out of season, please order again in a month.")
    taken_back = place(hotel, {"Basmati rice": 10, "Groundnut oil": 4}, 9)
    orders.close(taken_back, Order.Status.CANCELLED, taken_back.placed_by, "Ordered twice")
    for order in (
        place(TWO_SHOPS, {"Sugar": 2, "Toor dal": 24, "Iodised salt": 48}, 1.2),
        place(mini_mart, {"Glucose biscuits": 6, "Drinking water": 10}, 1.1, "Unloading only before 11 am"),
    ):
        posting.issue(billing.bill_order(order, owner), owner)
    place(mangaluru, {"Assam tea": 6, "Instant coffee": 12, "Honey": 6}, 0.4)
    place(hotel, {"Chakki atta": 15, "Desi ghee": 6, "Detergent powder": 2}, 0.2, "Same as last week")
    place(
        MAIN,
        {"Basmati rice": 4, "Sunflower oil": 24, "Toothpaste": 12},
        0.1,
        "Please send before Saturday",
        HELPER_PHONE,
    )


def _make_second(shared_phone: str) -> None:
    """Another shop that one of the customers buys from too: one number, two shops."""
    owner = _merchant(SECOND_PHONE, SECOND_OWNER)
    business = businesses.open_business(owner, Business(slug=SECOND_SLUG, **SECOND_BUSINESS))
    numbering.start(business, Series.Kind.INVOICE, today(), SECOND_PATTERN)
    goods = [
        items.save(
            Item(business=business, name=name, unit=unit, unit_price_e4=price * 10_000),
            owner,
            category="Fresh every day",
        )
        for name, unit, price in SECOND_GOODS
    ]
    for n, (name, phone) in enumerate(((TWO_SHOPS.name, shared_phone), ("Cafe Sahyadri", "+919820000098"))):
        party = Party(business=business, name=name, city="Pune", state_code="27")
        parties.save(party, phone, TWO_SHOPS.person if n == 0 else "Omkar Jagtap", owner)
        for week in range(6, 0, -1):
            day = today() - dt.timedelta(days=7 * week - n)
            lines = [
                DraftLine(
                    description=item.name,
                    quantity_milli=(20 + 3 * week + 5 * position) * 500,
                    unit_price_e4=item.unit_price_e4,
                    unit=item.unit,
                    item_id=item.pk,
                )
                for position, item in enumerate(goods[n:])
            ]
            draft = Draft(party, day, day + dt.timedelta(days=7), lines)
            invoice = posting.issue(drafting.save(business, draft, owner), owner)
            if week > 2:
                posting.record_payment(
                    business,
                    party,
                    amount_paise=invoice.total_paise,
                    mode="upi",
                    paid_on=day + dt.timedelta(days=6),
                    by=owner,
                    reference=str(427_000_000_000 + 1000 * week + n),
                )
