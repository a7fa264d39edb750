"""Credit notes by line: in any order of parts they add up to the invoice to the paisa, and never to more."""

import datetime as dt

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts import india
from accounts.models import Business, Party, User
from catalog.models import Item
from ledger import billing, crediting, integrity, posting, statements
from ledger.crediting import AMOUNTS, CreditRefused, LineLeft, Want, left_of
from ledger.models import Entry, Invoice, InvoiceLine, OpenItem, Series
from ledger.posting import PostingRefused
from tests import factories
from tests.factories import line, make_credit, make_invoice, make_party, make_payment
from tests.threads import in_parallel

TODAY = india.today()
DAY = dt.timedelta(days=1)
GUJARAT, MAHARASHTRA = "24AAACC1206D1ZM", "27AAPFU0939F1ZV"


@pytest.fixture
def owner(db: None) -> User:
    return factories.make_user()


@pytest.fixture
def business(owner: User) -> Business:
    """Registered under GST in Maharashtra."""
    return factories.make_business(owner=owner, scheme="regular", gstin=MAHARASHTRA)


@pytest.fixture
def party(business: Business) -> Party:
    return make_party(business)


@pytest.fixture
def invoice(party: Party) -> Invoice:
    """Three bags of rice at 33.33 with 18 %, and freight of 20 with 5 %: 99.99 + 9.00 + 9.00, 20 + 0.50 + 0.50."""
    return make_invoice(
        party,
        lines=[
            line("Rice", paise=33_33, quantity_milli=3_000, gst_rate_bp=1800, hsn="1006"),
            line("Freight", paise=20_00, gst_rate_bp=500, is_charge=True),
        ],
        rounds_off=True,
    )


def rice(invoice: Invoice) -> InvoiceLine:
    return invoice.lines.get(position=1)


def freight(invoice: Invoice) -> InvoiceLine:
    return invoice.lines.get(position=2)


def due(document: Invoice) -> int:
    return Invoice.objects.select_related("open_item").get(pk=document.pk).due_paise


def all_credits(invoice: Invoice) -> dict[str, int]:
    """What the issued credit notes of an invoice come to, column by column."""
    notes = invoice.credit_notes.filter(status="issued")
    return {name: sum(getattr(note, name) for note in notes) for name in (*AMOUNTS, "round_off_paise")}


def all_of(invoice: Invoice) -> dict[str, int]:
    return {name: getattr(invoice, name) for name in (*AMOUNTS, "round_off_paise")}


# --- A quantity, and a value ----------------------------------------------------------------------------------


def test_a_returned_bag_takes_back_its_part_of_value_and_tax(invoice: Invoice) -> None:
    assert (invoice.taxable_paise, invoice.cgst_paise, invoice.total_paise) == (119_99, 9_50, 139_00)
    note = make_credit(invoice, Want(rice(invoice).pk, quantity_milli=1_000))
    assert (note.taxable_paise, note.cgst_paise, note.sgst_paise, note.igst_paise) == (33_33, 3_00, 3_00, 0)
    assert (note.round_off_paise, note.total_paise) == (-33, 39_00)
    back = note.lines.get()
    assert (back.original_line_id, back.quantity_milli, back.unit_price_e4) == (rice(invoice).pk, 1_000, 33_3300)
    assert (back.hsn, back.gst_rate_bp, back.is_charge) == ("1006", 1800, False)


def test_a_price_reduction_takes_tax_off_in_proportion_and_brings_nothing_back(invoice: Invoice) -> None:
    note = make_credit(invoice, Want(rice(invoice).pk, value_paise=33_33))
    cheaper = note.lines.get()
    assert (cheaper.taxable_paise, cheaper.cgst_paise, cheaper.sgst_paise) == (33_33, 3_00, 3_00)
    assert (cheaper.is_charge, cheaper.item_id, cheaper.quantity_milli) == (True, None, 1_000)
    left = {row.line.position: row for row in left_of(invoice)}
    assert (left[1].quantity_milli, left[1].taxable_paise) == (3_000, 66_66)


def test_a_credit_note_names_its_invoice_and_keeps_its_place_and_rates(business: Business) -> None:
    """Section 34: the tax of the supply, not the tax of the day of the credit note."""
    party = make_party(business, gstin=GUJARAT, state_code="24")
    invoice = make_invoice(party, lines=[line(paise=100_00, gst_rate_bp=1200)], on=TODAY - DAY, reference="PO 7")
    Party.objects.filter(pk=party.pk).update(gstin="", state_code="27")
    note = make_credit(invoice, reason="  not as ordered ")
    assert note.original_id == invoice.pk
    assert (note.kind, note.label, note.reason) == ("credit_note", "Credit Note", "not as ordered")
    assert (note.place_of_supply, note.is_inter_state, note.igst_paise) == ("24", True, 12_00)
    assert (note.reference, note.lines.get().gst_rate_bp) == ("PO 7", 1200)
    assert Entry.objects.get(invoice=note).credit_paise == note.total_paise == 112_00


def test_a_whole_credit_equals_the_invoice_to_the_paisa(invoice: Invoice) -> None:
    make_credit(invoice)
    assert all_credits(invoice) == all_of(invoice)
    assert due(invoice) == 0
    assert statements.balance(invoice.party) == 0


def test_a_whole_credit_after_parts_takes_exactly_the_rest(invoice: Invoice) -> None:
    make_credit(invoice, Want(rice(invoice).pk, quantity_milli=333))
    make_credit(invoice, Want(freight(invoice).pk, value_paise=7_77))
    make_credit(invoice, Want(rice(invoice).pk, value_paise=11))
    make_credit(invoice)
    assert all_credits(invoice) == all_of(invoice)
    assert [row.total_paise for row in left_of(invoice)] == [0, 0]
    with pytest.raises(CreditRefused, match="Nothing is credited yet"):
        make_credit(invoice)


def test_goods_whose_price_was_given_back_can_still_come_back(invoice: Invoice) -> None:
    """Worth nothing any more, but they stand on the shelf again."""
    make_credit(invoice, Want(rice(invoice).pk, value_paise=99_99))
    note = make_credit(invoice, Want(rice(invoice).pk, quantity_milli=3_000))
    assert (note.total_paise, note.lines.get().quantity_milli) == (0, 3_000)
    with pytest.raises(CreditRefused, match="are left to credit"):
        make_credit(invoice, Want(rice(invoice).pk, value_paise=1))


# --- In any order of parts ------------------------------------------------------------------------------------

RATES = [0, 25, 500, 1200, 1800, 2800, 4000]


@st.composite
def lines_sold(draw: st.DrawFn) -> list[InvoiceLine]:
    """Lines of an invoice with any amounts: what they were computed from does not matter to a credit."""
    lines = []
    for position in range(1, draw(st.integers(1, 4)) + 1):
        laid_out = draw(st.integers(0, 5)) == 0
        value = draw(st.integers(0, 60) | st.integers(0, 10**8))
        rate, inter_state = draw(st.sampled_from(RATES)), draw(st.booleans())
        half = (value * rate // 10_000 + 1) // 2
        amounts = dict.fromkeys(AMOUNTS, 0)
        if laid_out:
            amounts["untaxed_paise"] = value
        else:
            amounts |= {"taxable_paise": value, "cess_paise": draw(st.just(0) | st.integers(0, 3 * value))}
            amounts |= {"igst_paise": 2 * half} if inter_state else {"cgst_paise": half, "sgst_paise": half}
        amounts["total_paise"] = sum(amounts.values())
        lines.append(
            InvoiceLine(
                pk=position,
                position=position,
                is_charge=laid_out or draw(st.integers(0, 4)) == 0,
                in_taxable_value=not laid_out,
                quantity_milli=draw(st.sampled_from([1, 1_000, 3_000]) | st.integers(1, 10**7)),
                unit_price_e4=value * 100,
                gst_rate_bp=rate,
                **amounts,
            )
        )
    return lines


def left_after(lines: list[InvoiceLine], credited: list[InvoiceLine]) -> list[LineLeft]:
    """What `left_of` reads from the database, from lists."""
    rows = []
    for sold in lines:
        back = [one for one in credited if one.original_line is sold]
        rows.append(
            LineLeft(
                line=sold,
                quantity_milli=sold.quantity_milli - sum(one.quantity_milli for one in back if not one.is_charge),
                **{name: getattr(sold, name) - sum(getattr(one, name) for one in back) for name in AMOUNTS},
            )
        )
    return rows


@given(lines_sold(), st.booleans(), st.data())
def test_the_credits_of_an_invoice_add_up_to_it_in_every_column(
    lines: list[InvoiceLine], rounds_off: bool, data: st.DataObject
) -> None:
    """Whatever is credited first, by quantity or by value: nothing below zero on the way, nothing left at the end."""
    exact = sum(sold.total_paise for sold in lines)
    invoice = Invoice(rounds_off=rounds_off)
    invoice.total_paise = (exact + 50) // 100 * 100 if rounds_off else exact
    notes: list[Invoice] = []
    credited: list[InvoiceLine] = []

    def note_for(wants: list[Want]) -> None:
        left = left_after(lines, credited)
        new = crediting.lines_for(left, wants)
        note = Invoice()
        rest = invoice.total_paise - sum(earlier.total_paise for earlier in notes)
        _set_totals(note, invoice, rest, left, new)
        assert note.total_paise >= 0
        assert all(getattr(one, name) >= 0 for one in new for name in AMOUNTS)
        credited.extend(new)
        notes.append(note)
        for row in left_after(lines, credited):
            assert row.quantity_milli >= 0
            assert all(getattr(row, name) >= 0 for name in AMOUNTS)

    for _ in range(data.draw(st.integers(0, 5))):
        row = data.draw(st.sampled_from(left_after(lines, credited)))
        by_quantity = (
            not row.line.is_charge and row.quantity_milli and (data.draw(st.booleans()) or not row.value_paise)
        )
        if by_quantity:
            note_for([Want(row.line.pk, quantity_milli=data.draw(st.integers(1, row.quantity_milli)))])
        elif row.value_paise:
            note_for([Want(row.line.pk, value_paise=data.draw(st.integers(1, row.value_paise)))])
    if wants := crediting.everything(left_after(lines, credited)):
        note_for(wants)

    for sold in lines:
        back = [one for one in credited if one.original_line is sold]
        for name in AMOUNTS:
            assert sum(getattr(one, name) for one in back) == getattr(sold, name), name
        if not sold.is_charge:
            assert sum(one.quantity_milli for one in back if not one.is_charge) == sold.quantity_milli
    assert sum(note.total_paise for note in notes) == (invoice.total_paise if exact else 0)


def _set_totals(
    note: Invoice, original: Invoice, rest_paise: int, left: list[LineLeft], lines: list[InvoiceLine]
) -> None:
    """crediting.set_totals with what is left of the invoice at hand instead of in the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crediting, "credited", lambda _original: original.total_paise - rest_paise)
        patch.setattr(crediting, "credited_by_hand", lambda _original: 0)
        crediting.set_totals(note, original, left, lines)


@pytest.mark.django_db
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.generate],  # each example is dozens of queries: the first fault is shown as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_random_credits_of_a_real_invoice_leave_a_right_book(data: st.DataObject) -> None:
    with transaction.atomic():
        owner = factories.make_user()
        business = factories.make_business(owner=owner, scheme="regular", gstin=MAHARASHTRA)
        party = make_party(business, state_code=data.draw(st.sampled_from(["27", "24", "96"])))
        invoice = make_invoice(
            party,
            lines=[
                line(
                    f"Line {n}",
                    paise=data.draw(st.integers(1_000, 99_999)),  # a paisa at least, to bear the discount
                    quantity_milli=data.draw(st.integers(1, 20_000)),
                    gst_rate_bp=data.draw(st.sampled_from(RATES)),
                    cess_rate_bp=data.draw(st.sampled_from([0, 1200])),
                    cess_per_unit_e4=data.draw(st.sampled_from([0, 4_1750])),
                    price_includes_tax=data.draw(st.booleans()),
                )
                for n in range(data.draw(st.integers(1, 3)))
            ]
            + [line("Stamp", paise=20_00, is_charge=True, in_taxable_value=False)],
            rounds_off=data.draw(st.booleans()),
            discount_paise=data.draw(st.integers(0, 1)),
        )
        for _ in range(data.draw(st.integers(0, 4))):
            row = data.draw(st.sampled_from(left_of(invoice)))
            if not row.line.is_charge and row.quantity_milli and data.draw(st.booleans()):
                make_credit(invoice, Want(row.line.pk, data.draw(st.integers(1, row.quantity_milli))), by=owner)
            elif row.value_paise:
                wanted = Want(row.line.pk, value_paise=data.draw(st.integers(1, row.value_paise)))
                make_credit(invoice, wanted, by=owner)
            assert [row for row in left_of(invoice) if min(getattr(row, name) for name in AMOUNTS) < 0] == []
        if crediting.everything(left_of(invoice)):
            make_credit(invoice, by=owner)
        assert all_credits(invoice) == all_of(invoice)
        assert (due(invoice), statements.balance(party)) == (0, 0)
        assert list(integrity.check()) == []
        transaction.set_rollback(True)


# --- Never more than is left ----------------------------------------------------------------------------------


def test_more_of_a_line_than_is_left_is_refused(invoice: Invoice) -> None:
    make_credit(invoice, Want(rice(invoice).pk, quantity_milli=2_000))
    for want in (
        Want(rice(invoice).pk, quantity_milli=1_001),
        Want(rice(invoice).pk, value_paise=33_34),
        Want(freight(invoice).pk, value_paise=20_01),
    ):
        with pytest.raises(CreditRefused, match="are left to credit"), transaction.atomic():
            make_credit(invoice, want)
    assert invoice.credit_notes.count() == 1


@pytest.mark.parametrize(
    ("wants", "says"),
    [
        ([Want(10**15, quantity_milli=1)], "not on this invoice"),
        ([Want(1, quantity_milli=-1)], "cannot be negative"),
        ([Want(1, value_paise=-1)], "cannot be negative"),
        ([Want(1)], "Nothing is credited yet"),
    ],
)
def test_a_credit_of_nothing_of_less_or_of_a_foreign_line_is_refused(
    invoice: Invoice, wants: list[Want], says: str
) -> None:
    mine = [
        Want(rice(invoice).pk if want.line_id == 1 else want.line_id, want.quantity_milli, want.value_paise)
        for want in wants
    ]
    with pytest.raises(CreditRefused, match=says), transaction.atomic():
        make_credit(invoice, *mine)
    assert not Invoice.objects.filter(kind="credit_note").exists()


def test_a_line_wanted_twice_in_one_note_is_judged_together(invoice: Invoice) -> None:
    """Each want alone is within what is left; both are not."""
    twice = [Want(rice(invoice).pk, quantity_milli=2_000)] * 2
    with pytest.raises((CreditRefused, PostingRefused)), transaction.atomic():
        make_credit(invoice, *twice)
    assert not Invoice.objects.filter(kind="credit_note").exists()


def test_a_credit_needs_a_reason_an_issued_invoice_and_a_later_day(party: Party, invoice: Invoice, owner: User) -> None:
    with pytest.raises(CreditRefused, match="Write why"):
        make_credit(invoice, reason="  ")
    with pytest.raises(CreditRefused, match="cannot be older"):
        make_credit(invoice, on=TODAY - DAY)
    draft = make_invoice(party, issued=False)
    with pytest.raises(CreditRefused, match="issued invoice"):
        make_credit(draft)
    cancelled = make_invoice(party)
    posting.cancel_invoice(cancelled, owner, "wrong")
    with pytest.raises(CreditRefused, match="issued invoice"):
        make_credit(cancelled)
    note = make_credit(invoice)
    with pytest.raises(CreditRefused, match="issued invoice"):
        make_credit(note)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_ten_people_credit_the_last_bag_at_once_and_one_does() -> None:
    owner = factories.make_user()
    party = make_party(factories.make_business(owner=owner))
    invoice = make_invoice(party, lines=[line("Rice", paise=100_00, quantity_milli=1_000)])
    bag = invoice.lines.get()

    def credit(n: int) -> bool:
        want = Want(bag.pk, quantity_milli=1_000) if n % 2 else Want(bag.pk, value_paise=60_00)
        try:
            make_credit(invoice, want, by=owner)
        except (CreditRefused, PostingRefused):
            return False
        return True

    assert sum(in_parallel(credit, 10)) in (1, 2), "a reduction of 60 and then the bag, or the bag alone"
    assert all_credits(invoice)["total_paise"] == 100_00
    assert Series.objects.get(kind="credit_note").next_number == invoice.credit_notes.count() + 1


# --- Rounding to the rupee ------------------------------------------------------------------------------------


def test_parts_are_rounded_as_the_invoice_was_and_the_last_takes_back_what_rounding_left(party: Party) -> None:
    invoice = make_invoice(party, lines=[line(paise=33_40, quantity_milli=3_000)], rounds_off=True)
    assert (invoice.taxable_paise, invoice.round_off_paise, invoice.total_paise) == (100_20, -20, 100_00)
    bag = invoice.lines.get()
    notes = [make_credit(invoice, Want(bag.pk, quantity_milli=1_000)) for _ in range(3)]
    assert [(note.taxable_paise, note.round_off_paise, note.total_paise) for note in notes] == [
        (33_40, -40, 33_00),
        (33_40, -40, 33_00),
        (33_40, 60, 34_00),
    ]
    assert all_credits(invoice) == all_of(invoice)


def test_an_invoice_to_the_paisa_is_credited_to_the_paisa(party: Party) -> None:
    invoice = make_invoice(party, lines=[line(paise=33_40, quantity_milli=3_000)], rounds_off=False)
    note = make_credit(invoice, Want(invoice.lines.get().pk, quantity_milli=1_000))
    assert (note.round_off_paise, note.total_paise) == (0, 33_40)


def test_rounding_up_never_gives_back_more_than_the_invoice(party: Party) -> None:
    """Half rupees round up: after two of three the whole invoice is given back."""
    invoice = make_invoice(party, lines=[line(paise=50, quantity_milli=3_000)], rounds_off=True)
    assert invoice.total_paise == 2_00
    bag = invoice.lines.get()
    notes = [make_credit(invoice, Want(bag.pk, quantity_milli=1_000)) for _ in range(3)]
    assert [note.total_paise for note in notes] == [1_00, 1_00, 0]
    assert all_credits(invoice) == all_of(invoice)


def test_a_credit_note_written_by_hand_is_counted_before_one_by_line(party: Party) -> None:
    """It names no lines, so the last credit by line may not give back what it gave back already."""
    invoice = make_invoice(party, paise=100_00)
    factories.make_credit_note(original=invoice, paise=30_00)
    with pytest.raises((CreditRefused, PostingRefused)), transaction.atomic():
        make_credit(invoice)
    note = make_credit(invoice, Want(invoice.lines.get().pk, value_paise=70_00))
    assert (note.total_paise, note.round_off_paise) == (70_00, 0)


# --- Goods, bills and cancelling ------------------------------------------------------------------------------


def test_only_goods_that_come_back_stand_on_the_shelf_again(business: Business, party: Party, owner: User) -> None:
    item = factories.make_item(business, stock_milli=10_000)

    def on_shelf() -> int:
        return Item.objects.get(pk=item.pk).stock_milli

    invoice = make_invoice(party, lines=[line(item=item, quantity_milli=4_000)])
    sold = invoice.lines.get()
    assert on_shelf() == 6_000
    cheaper = make_credit(invoice, Want(sold.pk, value_paise=50_00))
    assert on_shelf() == 6_000
    back = make_credit(invoice, Want(sold.pk, quantity_milli=1_500))
    assert on_shelf() == 7_500
    posting.cancel_invoice(back, owner, "not returned after all")
    assert on_shelf() == 6_000
    posting.cancel_invoice(cheaper, owner, "wrong")
    assert on_shelf() == 6_000
    make_credit(invoice)
    assert on_shelf() == 10_000


def test_a_cancelled_credit_note_frees_what_it_had_credited(invoice: Invoice, owner: User) -> None:
    note = make_credit(invoice)
    with pytest.raises(CreditRefused):
        make_credit(invoice)
    posting.cancel_invoice(note, owner, "wrong")
    assert due(invoice) == invoice.total_paise
    assert [row.total_paise for row in left_of(invoice)] == [117_99, 21_00]
    make_credit(invoice)
    assert all_credits(invoice) == all_of(invoice)


def test_a_credit_settles_its_own_invoice_and_the_rest_is_an_advance(party: Party) -> None:
    invoice = make_invoice(party, paise=100_00)
    make_payment(party, 70_00)
    note = make_credit(invoice, Want(invoice.lines.get().pk, value_paise=50_00))
    assert (due(invoice), due(note)) == (0, 20_00)
    assert OpenItem.objects.get(invoice=note).settled_paise == 30_00


def test_a_refused_credit_leaves_no_draft_behind(invoice: Invoice, business: Business, owner: User) -> None:
    business.books_closed_on = TODAY
    business.save()
    with pytest.raises(PostingRefused, match="closed"):
        billing.credit(invoice, None, owner, issued_on=TODAY, reason="returned")
    assert not Invoice.objects.filter(kind="credit_note").exists()
    assert not Series.objects.filter(kind="credit_note").exists()
