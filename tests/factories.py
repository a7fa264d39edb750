"""Plain functions that make the rows tests talk about. Everything posted goes through the product's own doors.

Amounts are paise, quantities thousandths, prices ten-thousandths of a rupee, as everywhere.
"""

import datetime as dt
import io
import itertools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import django_otp
from django.conf import settings
from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts import corrections, idempotency, india, parties, wishes
from accounts.images import encode
from accounts.models import Business, DataRequest, Device, Image, Membership, Message, Party, PartyPerson, Quota, User
from catalog import orders, stock
from catalog.models import Category, Item, Order
from ledger import billing, claims, confirmations, drafting, links, posting, promises, queries, sharing, statements
from ledger.crediting import Want
from ledger.models import (
    Adjustment,
    BalanceConfirmation,
    Batch,
    Comparison,
    Invoice,
    LinkOpen,
    LinkPreview,
    Paper,
    PartyReminders,
    Payment,
    PaymentClaim,
    Promise,
    Query,
    QueryMessage,
    Reminder,
    ReminderSettings,
    ShareLink,
)
from ledger.reconciling import kept
from ledger.reminders import rules

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
_serial = itertools.count(1)
Once = Callable[[], AbstractContextManager[None]]  # the fixture `once` of conftest.py


def new_phone() -> str:
    """A mobile number nobody has yet, in E.164."""
    return f"+9198{next(_serial):08d}"


def changes(queries: Any) -> list[str]:
    """The captured statements that change a row: but for a drawn PDF, which is kept for whoever asks next, and for a
    robot's line in the log of previews.
    """
    sql = [query["sql"] for query in queries]
    return [
        text
        for text in sql
        if not text.startswith(("SELECT", "(SELECT", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
        and '"ledger_paper"' not in text
        and '"ledger_linkpreview"' not in text
    ]


def make_user(phone: str = "", name: str = "", **fields: Any) -> User:
    return User.objects.create_user(phone=phone or new_phone(), name=name, **fields)


def make_business(name: str = "", owner: User | None = None, **fields: Any) -> Business:
    """An unregistered business in Maharashtra; `owner` becomes its owner."""
    n = next(_serial)
    defaults: dict[str, Any] = {"name": name or f"Shop {n}", "slug": f"shop-{n}", "state_code": "27"}
    business = Business.objects.create(**(defaults | fields))
    if owner is not None:
        make_membership(business, owner)
    return business


def give_look(business: Business, colour: str = "#19605f") -> Business:
    """A logo, a signature and a colour."""
    for name in ("logo", "signature"):
        picture = Image.objects.create(business=business, data=PIXEL, content_type="image/png", width=1, height=1)
        setattr(business, name, picture)
    business.colour = colour
    business.save(update_fields=["logo", "signature", "colour"])
    return business


def make_membership(business: Business, user: User, role: str = Membership.Role.OWNER) -> Membership:
    return Membership.objects.create(business=business, user=user, role=role)


def make_party(business: Business | None = None, phone: str = "", name: str = "", **fields: Any) -> Party:
    """A party in the business's own State; with `phone` it has a main person who may log in."""
    business = business or make_business()
    defaults: dict[str, Any] = {"name": name or f"Party {next(_serial)}", "state_code": business.state_code}
    party = Party.objects.create(business=business, **(defaults | fields))
    if phone:
        parties.add_person(party, phone, name="", role=PartyPerson.Role.OWNER, by=None)
    return party


def make_item(business: Business, name: str = "", *, stock_milli: int | None = None, **fields: Any) -> Item:
    """An item of ₹100; with `stock_milli` its stock is counted and begins there."""
    defaults: dict[str, Any] = {"name": name or f"Item {next(_serial)}", "unit_price_e4": 100_0000}
    item = Item.objects.create(business=business, tracks_stock=stock_milli is not None, **(defaults | fields))
    if stock_milli:
        with transaction.atomic():
            stock.move(business, [(item.pk, stock_milli)], stock.Reason.COUNTED, ("", ""))
        item.refresh_from_db()
    return item


def line(
    description: str = "Rice",
    *,
    paise: int = 100_00,
    quantity_milli: int = 1000,
    item: Item | None = None,
    **fields: Any,
) -> drafting.DraftLine:
    """One line; `paise` is the price of one unit."""
    return drafting.DraftLine(
        description=description,
        quantity_milli=quantity_milli,
        unit_price_e4=paise * 100,
        item_id=item.pk if item else None,
        **fields,
    )


def make_draft(
    party: Party,
    *,
    lines: Sequence[drafting.DraftLine] | None = None,
    paise: int = 100_00,
    on: dt.date | None = None,
    due_on: dt.date | None = None,
    kind: str = Invoice.Kind.INVOICE,
    original: Invoice | None = None,
    order: Any = None,
    by: User | None = None,
    **fields: Any,
) -> Invoice:
    """A draft with `lines`, or with one line of `paise`; dated today, due when the party's credit days are over."""
    on = on or india.today()
    draft = drafting.Draft(
        party=party,
        issued_on=on,
        due_on=due_on or on + dt.timedelta(days=party.days_of_credit()),
        lines=lines if lines is not None else [line(paise=paise)],
        **({"rounds_off": False} | fields),
    )
    return drafting.save(party.business, draft, by, kind=kind, original=original, order=order)


def make_invoice(party: Party | None = None, *, issued: bool = True, by: User | None = None, **fields: Any) -> Invoice:
    """An invoice of ₹100 (or of `paise`, or with `lines`); `issued=False` leaves it a draft."""
    draft = make_draft(party or make_party(), by=by, **fields)
    return posting.issue(draft, by) if issued else draft


def make_credit_note(
    party: Party | None = None, *, original: Invoice | None = None, issued: bool = True, **fields: Any
) -> Invoice:
    """A credit note for `original`, or of its own for `party`."""
    party = party or (original.party if original else make_party())
    return make_invoice(party, issued=issued, kind=Invoice.Kind.CREDIT_NOTE, original=original, **fields)


def make_payment(
    party: Party | None = None,
    paise: int = 100_00,
    *,
    on: dt.date | None = None,
    mode: str = Payment.Mode.CASH,
    by: User | None = None,
    **fields: Any,
) -> Payment:
    """Money received, settling the oldest bills first (`shares=[]` leaves all of it an advance)."""
    party = party or make_party()
    return posting.record_payment(
        party.business, party, amount_paise=paise, mode=mode, paid_on=on or india.today(), by=by, **fields
    )


def make_claim(
    party: Party,
    paise: int = 100_00,
    *,
    reference: str = "",
    mode: str = Payment.Mode.UPI,
    on: dt.date | None = None,
    by: User | None = None,
    **fields: Any,
) -> PaymentClaim:
    """“I have paid” of ₹100 by UPI today, under a UTR that nobody has used."""
    return claims.make(
        party,
        by or make_user(),
        amount_paise=paise,
        mode=mode,
        reference=reference or (f"{next(_serial):012d}" if mode != Payment.Mode.CASH else ""),
        paid_on=on or india.today(),
        **fields,
    )


def make_promise(party: Party, paise: int = 100_00, *, days: int = 3, by: User | None = None, **fields: Any) -> Promise:
    """A promise of ₹100 in three days."""
    day = india.today() + dt.timedelta(days=days)
    by = None if "link" in fields else by or make_user()
    return promises.make(party, by, amount_paise=paise, promised_on=day, **fields)


def make_query(
    document: queries.Document, text: str = "Two bags were torn", *, by: User | None = None, **fields: Any
) -> Query:
    """“Something differs” about a document of its party."""
    said = queries.Said(text)
    return queries.ask(document.party, by or make_user(), document, Query.About.QUANTITY, said, **fields)


def make_confirmation(
    party: Party, *, theirs: int | None = None, on: dt.date | None = None, by: User | None = None, note: str = ""
) -> BalanceConfirmation:
    """The party's main person agrees with today's balance; `theirs` (paise): says that theirs is another."""
    on = on or india.today()
    seen = confirmations.closing(party, on)
    person = party.people.get(is_main=True)
    return confirmations.confirm(person, by or make_user(), as_on=on, seen_paise=seen, theirs_paise=theirs, note=note)


def make_comparison(party: Party, mark: str = "Ramesh", *, by: User | None = None) -> Comparison:
    """A file with one bill that the shop does not have, compared."""
    file = f'Date,Particulars,Bill No,Debit,Credit\n{india.today():%d-%m-%Y},{mark} harvest,Q9,,"1,000.00"\n'
    uploaded = kept.upload(party, by or make_user(), f"{mark} khata.csv", file.encode())
    return kept.compare(uploaded, uploaded.uploaded_by, kept.mapping_of(uploaded))


def make_correction(party: Party, of: str = "", *, by: User | None = None, **wanted: str) -> DataRequest:
    """The party's main person, or whose number is `of`, asks for other values of these fields (accounts.corrections)."""
    whose = {"phone": of} if of else {"is_main": True}
    person = party.people.select_related("party__business").get(**whose)
    now = corrections.current(person.party, str(person.phone))
    by = by or make_user()
    return corrections.ask(person, by, now | wanted, shown=corrections.fingerprint(now))


def make_adjustment(
    party: Party,
    paise: int = 100_00,
    *,
    kind: str = Adjustment.Kind.WRITE_OFF,
    side: str = Adjustment.Side.CREDIT,
    reason: str = "Rats ate it",
    on: dt.date | None = None,
    by: User | None = None,
    **fields: Any,
) -> Adjustment:
    """A write-off of ₹100; `shares` as for posting.record_adjustment."""
    return posting.record_adjustment(
        party.business,
        party,
        kind=kind,
        side=side,
        amount_paise=paise,
        dated_on=on or india.today(),
        by=by,
        reason=reason,
        **fields,
    )


def make_credit(
    original: Invoice, *wants: Want, on: dt.date | None = None, reason: str = "returned", by: User | None = None
) -> Invoice:
    """A credit note by line for an issued invoice: for `wants`, or for all that is left."""
    by = by or make_user()
    return billing.credit(original, list(wants) or None, by, issued_on=on or india.today(), reason=reason)


@dataclass(frozen=True, slots=True)
class Book:
    """A business with at least one row in every tenant table; all its names carry `mark`."""

    mark: str
    business: Business
    owner: User
    staff: User
    party: Party
    other_party: Party
    third_party: Party
    owner_phone: str
    helper_phone: str
    accountant_phone: str
    other_phone: str
    item: Item
    image: Image
    order: Order
    invoice: Invoice
    other_invoice: Invoice
    draft: Invoice
    cancelled: Invoice
    credit_note: Invoice
    credited: Invoice  # by line, for an invoice of third_party
    payment: Payment
    taxed_payment: Payment  # of third_party, with TDS
    adjustment: Adjustment
    batch: Batch  # cancelled
    asked: DataRequest  # a correction of the party, by its main number
    claim: PaymentClaim  # waits, with a screenshot
    comparison: Comparison
    promise: Promise  # through the invoice's link
    query: Query  # of a line of the invoice, with a photo
    word: QueryMessage  # that has the photo
    confirmation: BalanceConfirmation
    invoice_link: ShareLink
    portal_link: ShareLink
    receipt_link: ShareLink
    statement_link: ShareLink
    message: Message


def make_book(mark: str = "Ramesh", *, paise: int = 1234_00) -> Book:
    """Three parties of one business with documents, orders, links and messages."""
    owner, staff = make_user(name=f"{mark} Owner"), make_user(name=f"{mark} Staff")
    business = make_business(f"{mark} Traders", owner, city=f"{mark} Nagar", upi_id=f"{mark.lower()}@okaxis")
    make_membership(business, staff, Membership.Role.STAFF)
    phones = [new_phone() for _ in range(4)]
    party = make_party(business, phones[0], f"{mark} Kirana", city=f"{mark} Puri", credit_limit_paise=100 * paise)
    other_party = make_party(business, phones[3], f"{mark} Stores")
    parties.add_person(party, phones[1], f"{mark} Helper", PartyPerson.Role.ORDERS, owner)
    parties.add_person(party, phones[2], f"{mark} Munim", PartyPerson.Role.ACCOUNTANT, owner)
    image = Image.objects.create(business=business, data=PIXEL, content_type="image/png", width=1, height=1)
    give_look(business)
    category = Category.objects.create(business=business, name=f"{mark} Grains")
    item = make_item(business, f"{mark} Rice", stock_milli=50_000, image=image, category=category)
    lines = [line(f"{mark} Rice", paise=paise, item=item)]
    invoice = make_invoice(party, lines=lines, notes=f"{mark} note", by=owner)
    other_invoice = make_invoice(other_party, lines=[line(f"{mark} Atta", paise=paise + 700)], by=owner)
    cancelled = make_invoice(party, lines=lines, by=owner)
    posting.cancel_invoice(cancelled, owner, f"{mark} mistake")
    cancelled.refresh_from_db()
    draft = make_invoice(party, issued=False, lines=[line(f"{mark} Secret", paise=paise + 900)], by=owner)
    credit_note = make_credit_note(original=invoice, lines=[line(f"{mark} Return", paise=paise // 10)], by=owner)
    payment = make_payment(party, paise // 3, reference=f"{mark.upper()}77", by=owner)
    make_payment(party, 5_00, shares=[], by=owner)
    make_payment(party, 5_00, direction=Payment.Direction.PAID, by=owner)
    third_party = make_party(business, name=f"{mark} Mills")
    make_adjustment(third_party, 11_00, kind=Adjustment.Kind.OPENING, side=Adjustment.Side.DEBIT, reason="", by=owner)
    corrected = make_invoice(third_party, lines=[line(f"{mark} Bran", paise=paise)], by=owner)
    taxed_payment = make_payment(third_party, 90_00, tds_paise=10_00, by=owner)
    credited = make_credit(corrected, Want(corrected.lines.get().pk, value_paise=50_00), by=owner)
    adjustment = make_adjustment(party, 3_00, reason=f"{mark} rats", by=owner)
    replaced = make_invoice(third_party, lines=[line(f"{mark} Typing Mistake", paise=40_00)], by=owner)
    right = drafting.Draft(third_party, replaced.issued_on, replaced.due_on, [line(f"{mark} Sugar", paise=41_00)])
    billing.amend(replaced, right, owner, reason=f"{mark} slip")
    buyer = User.objects.create_user(phone=phones[0], name=f"{mark} Buyer")
    order = orders.place(party, buyer, {item.pk: 2000}, note=f"{mark} please")
    billed = orders.place(party, buyer, {item.pk: 1000})
    make_draft(party, order=billed, by=owner)
    orders.close(billed, Order.Status.BILLED, owner)
    claim = make_claim(party, 2_00, by=buyer, invoice=invoice, note=f"{mark} by phone")
    PaymentClaim.objects.filter(pk=claim.pk).update(screenshot=image)
    claims.accept(make_claim(third_party, 1_00, by=buyer), owner)
    invoice_link, portal_link = links.for_invoice(invoice, owner), links.for_party(party, owner)
    receipt_link = links.for_receipt(payment, owner)
    statement_link = links.for_statement(party, statements.this_financial_year(), owner)
    comparison = make_comparison(party, mark, by=buyer)
    kept.show_to_shop(comparison, buyer, shown=True)
    talks = _talk(mark, party, buyer, owner, invoice, payment, adjustment, invoice_link)
    now = timezone.now()
    Paper.objects.create(business=business, party=party, key=f"{business.pk:064x}", claimed_at=now, asked_at=now)
    message = sharing.send(invoice_link, Message.Channel.WHATSAPP, owner)
    LinkOpen.objects.create(business=business, link=invoice_link, event=LinkOpen.Event.OPENED, device=f"{mark} phone")
    LinkPreview.objects.create(business=business, link=invoice_link, messenger="WhatsApp")
    asked = make_correction(party, city=f"{mark} Garh", by=buyer)
    batch = _remind(business, party, third_party, invoice, owner)
    idempotency.once(business, owner, "payment", idempotency.new_key(), {}, lambda: payment.public_id)
    return Book(
        mark=mark,
        business=business,
        owner=owner,
        staff=staff,
        party=party,
        other_party=other_party,
        third_party=third_party,
        owner_phone=phones[0],
        helper_phone=phones[1],
        accountant_phone=phones[2],
        other_phone=phones[3],
        item=item,
        image=image,
        order=order,
        invoice=invoice,
        other_invoice=other_invoice,
        draft=draft,
        asked=asked,
        cancelled=cancelled,
        credit_note=credit_note,
        credited=credited,
        payment=payment,
        taxed_payment=taxed_payment,
        adjustment=adjustment,
        batch=batch,
        claim=claim,
        comparison=comparison,
        **talks,
        invoice_link=invoice_link,
        portal_link=portal_link,
        receipt_link=receipt_link,
        statement_link=statement_link,
        message=message,
    )


def _remind(business: Business, party: Party, other: Party, invoice: Invoice, owner: User) -> Batch:
    """Reminder rules of the shop and of another party, what a party chose, and a cancelled batch with one reminder."""
    rules.change(ReminderSettings(business=business), (3,), owner)
    rules.change_party(other, PartyReminders.Mode.OWN, (5,), owner)
    wishes.choose(party, None, channel="whatsapp", quiet_until=None)
    Quota.objects.create(business=business)
    batch = Batch.objects.create(
        business=business, kind="overdue", day=india.today(), status="cancelled", ended_at=timezone.now()
    )
    Reminder.objects.create(
        business=business, party=party, invoice=invoice, batch=batch, day=india.today(), silent_because="cancelled"
    )
    return batch


def _talk(
    mark: str,
    party: Party,
    buyer: User,
    owner: User,
    invoice: Invoice,
    payment: Payment,
    adjustment: Adjustment,
    link: ShareLink,
) -> dict[str, Any]:
    """What the customer has promised, asked and confirmed: rows of the book by their names."""
    make_promise(party, 1_00, by=buyer, note=f"{mark} harvest")
    promise = make_promise(party, 2_00, by=None, invoice=invoice, link=link, form_key=idempotency.new_key())
    for document in (payment, adjustment):
        make_query(document, f"{mark} torn bags", by=buyer)
    query = make_query(invoice, f"{mark} torn bags", by=buyer, line=invoice.lines.get())
    photo = encode(io.BytesIO(PIXEL))
    word = queries.write(query, owner, queries.Said(f"{mark} looks", photo), is_of_shop=True)
    queries.write(query, buyer, queries.Said(f"{mark} waits"), is_of_shop=False)
    yesterday = india.today() - dt.timedelta(days=1)
    confirmations.ask(party, yesterday, owner)
    said = make_confirmation(party, theirs=77_00, by=buyer, note=f"{mark} books")
    return {"promise": promise, "query": query, "word": word, "confirmation": said}


# --- Browsers ----------------------------------------------------------------------------------------------


def merchant_client(user: User, client: Client | None = None) -> Client:
    """A browser signed in under /m/ with a verified device; `client` adds this role to a browser at hand."""
    return _signed_in(client or Client(), settings.SESSION_COOKIE_NAME, user)


def customer_client(phone: str | Party, *only: Party, client: Client | None = None) -> Client:
    """A browser signed in at the portal with this number (or a party's main number).

    It has access to `only`, else to every shared party that has the number saved.
    """
    if isinstance(phone, Party):
        only = only or (phone,)
        phone = str(phone.people.get(is_main=True).phone)
    user = User.objects.filter(phone=phone).first() or User.objects.create_user(phone=phone)
    if user.consented_at is None:
        User.objects.filter(pk=user.pk).update(consented_at=timezone.now(), consent_version="test")
    reached = only or Party.objects.filter(people__phone=phone, is_shared=True)
    access = {str(party.pk): party.access_version for party in reached}
    return _signed_in(client or Client(), settings.PORTAL_SESSION_COOKIE_NAME, user, access=access)


def same_browser(client: Client) -> Client:
    """Another with the same cookies: so a module's browsers serve each of its tests anew."""
    again = Client()
    again.cookies.load(client.cookies.output(header="", sep=";"))
    return again


def _signed_in(client: Client, cookie: str, user: User, **session: Any) -> Client:
    device = Device.objects.create(user=user, name="browser", last_login_at=timezone.now(), confirmed=True)
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    request.user = user  # django-otp signs the device in for nobody else
    auth.login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    django_otp.login(request, device)
    request.session.update(session)
    request.session.save()
    client.cookies[cookie] = request.session.session_key or ""
    client.cookies[cookie]["path"] = "/"
    return client
