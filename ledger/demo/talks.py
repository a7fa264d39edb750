"""What customers of the demo have promised, asked and confirmed: one of each, one of each answered, and a book compared."""

import csv
import datetime as dt
import io

from accounts.india import today
from accounts.models import Party, User
from accounts.money import plain
from ledger import confirmations, promises, queries
from ledger.models import Invoice, Query
from ledger.queries import Said
from ledger.reconciling import book, kept
from ledger.statements import this_financial_year


def happen(main: Party, other: Party, owner: User) -> None:
    """`main` promises, asks twice (the shop has answered once), agrees with one balance, says that the next differs and
    shows its own book; `other` agrees with its balance and promises all of it."""
    buyer, neighbour = _user(main), _user(other)
    bills = Invoice.objects.filter(business=main.business, party=main).open().select_related("open_item")
    newest, *older = bills.order_by("-issued_on", "-pk")[:2]
    for bill in older:
        day = today() + dt.timedelta(days=5)
        promises.make(
            main, buyer, amount_paise=bill.due_paise, promised_on=day, invoice=bill, note="After the market day"
        )
    line = newest.lines.order_by("position").last()
    words = "The price on the slate was lower when I ordered. Please look again."
    queries.ask(main, buyer, newest, Query.About.PRICE, Said(words), line)
    paid = main.payments.order_by("-paid_on", "-pk").first()
    if paid:
        asked = queries.ask(main, buyer, paid, Query.About.PAID, Said("I paid this a day earlier, by UPI."))
        answer = "You are right, the bank wrote it a day late. The amount is the same."
        queries.write(asked, owner, Said(answer), is_of_shop=True, tells=False)
    month_end = today().replace(day=1) - dt.timedelta(days=1)
    confirmations.ask(main, month_end, owner, tells=False)
    _confirm(main, buyer, month_end.replace(day=1) - dt.timedelta(days=1))
    _confirm(main, buyer, month_end, differs_by=-1_500_00, note="TDS of the spring bills is not in it yet.")
    _confirm(other, neighbour, month_end)
    _compare(main, buyer)
    balance = promises.due_of(other, None)
    if balance:
        promises.make(other, neighbour, amount_paise=balance, promised_on=today() + dt.timedelta(days=12))


def _user(party: Party) -> User:
    """Who has the party's main number, as after a login."""
    person = party.people.get(is_main=True)
    return User.objects.filter(phone=person.phone).first() or User.objects.create_user(str(person.phone), person.name)


def _compare(party: Party, by: User) -> None:
    """The buyer's own book of this year, with what differs in such books: a bill not entered, an amount mistyped, and a
    payment that the shop does not have. They show the shop the result."""
    ours = book.side_of(party, this_financial_year()).rows
    bills = [row for row in ours if row.what == "invoice" and row.in_period]
    missing, mistyped = bills[len(bills) // 2], bills[-1]
    lines = [
        (row.on, "Purchase" if row.paise > 0 else "Payment", row.reference or row.number, row.paise)
        for row in ours
        if row.in_period and row is not missing
    ]
    lines = [(on, text, no, paise + 90_00 if no == mistyped.reference else paise) for on, text, no, paise in lines]
    lines.append((today() - dt.timedelta(days=2), "Payment by NEFT", "N887766554433", -2_750_00))
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["Date", "Particulars", "Vch No.", "Debit", "Credit"])
    for on, text, number, paise in sorted(lines):
        debit, credit = (plain(-paise), "") if paise < 0 else ("", plain(paise))
        writer.writerow([f"{on:%d-%m-%Y}", text, number, debit, credit])
    uploaded = kept.upload(party, by, "Ram Kirana in our Tally.csv", file.getvalue().encode())
    kept.show_to_shop(kept.compare(uploaded, by, kept.mapping_of(uploaded)), by, shown=True)


def _confirm(party: Party, by: User, on: dt.date, *, differs_by: int = 0, note: str = "") -> None:
    person, seen = party.people.get(is_main=True), confirmations.closing(party, on)
    theirs = seen + differs_by if differs_by else None
    confirmations.confirm(person, by, as_on=on, seen_paise=seen, theirs_paise=theirs, note=note)
