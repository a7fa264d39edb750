"""Proves the book: every invariant as one question to the database; streams, so that it works on millions of rows.

Run by `manage.py check_ledger`, after every database test, and daily. Each problem says what is broken and where.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from accounts import walls


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken invariant: its rule, and where (table, ids, amounts in paise)."""

    rule: str
    where: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}"


# Each query returns the rows that break its rule; the select list says where. Plain SQL both engines understand.
RULES: list[tuple[str, str]] = [
    (
        "the balance of a party is the sum of its entries",
        """SELECT party_id AS party, sum(debit_paise) AS debit_too_much, sum(credit_paise) AS credit_too_much FROM
                (SELECT party_id, debit_paise, credit_paise FROM ledger_partybalance
                 UNION ALL SELECT party_id, -debit_paise, -credit_paise FROM ledger_entry) both_sides
           GROUP BY party_id HAVING sum(debit_paise) <> 0 OR sum(credit_paise) <> 0""",
    ),
    (
        "a day total is the sum of its entries",
        """SELECT party_id AS party, day, sum(debit_paise) AS debit_too_much, sum(credit_paise) AS credit_too_much FROM
                (SELECT party_id, starts_on AS day, debit_paise, credit_paise FROM ledger_daytotal
                 UNION ALL SELECT party_id, dated_on, -debit_paise, -credit_paise FROM ledger_entry) both_sides
           GROUP BY party_id, day HAVING sum(debit_paise) <> 0 OR sum(credit_paise) <> 0""",
    ),
    (
        "a month total is the sum of its days",
        """SELECT party_id AS party, month, sum(debit_paise) AS debit_too_much, sum(credit_paise) AS credit_too_much FROM
                (SELECT party_id, starts_on AS month, debit_paise, credit_paise FROM ledger_monthtotal
                 UNION ALL SELECT party_id, {month}, -debit_paise, -credit_paise FROM ledger_daytotal) both_sides
           GROUP BY party_id, month HAVING sum(debit_paise) <> 0 OR sum(credit_paise) <> 0""",
    ),
    (
        "an issued document posts its total once",
        """SELECT i.id AS invoice, i.total_paise, e.debit_paise, e.credit_paise FROM ledger_invoice i
           LEFT JOIN ledger_entry e ON e.invoice_id = i.id AND e.reverses_id IS NULL
           WHERE (i.status = 'draft' AND e.id IS NOT NULL)
              OR (i.status <> 'draft' AND i.total_paise > 0 AND (e.id IS NULL OR e.dated_on <> i.issued_on
                  OR e.kind <> i.kind OR e.party_id <> i.party_id
                  OR CASE i.kind WHEN 'invoice' THEN e.debit_paise ELSE e.credit_paise END <> i.total_paise))""",
    ),
    (
        "a payment posts its amount once",
        """SELECT p.id AS payment, p.amount_paise, e.debit_paise, e.credit_paise FROM ledger_payment p
           LEFT JOIN ledger_entry e ON e.payment_id = p.id AND e.reverses_id IS NULL
           WHERE e.id IS NULL OR e.dated_on <> p.paid_on OR e.party_id <> p.party_id
              OR CASE p.direction WHEN 'paid' THEN e.debit_paise ELSE e.credit_paise END <> p.amount_paise""",
    ),
    (
        "a cancelled document is reversed, and only it",
        """SELECT i.id AS invoice, i.status FROM ledger_invoice i
           JOIN ledger_entry e ON e.invoice_id = i.id AND e.reverses_id IS NULL
           LEFT JOIN ledger_entry r ON r.reverses_id = e.id
           WHERE (i.status = 'cancelled') <> (r.id IS NOT NULL)
              OR (r.id IS NOT NULL AND (r.debit_paise <> e.credit_paise OR r.credit_paise <> e.debit_paise
                  OR r.party_id <> e.party_id OR r.invoice_id <> e.invoice_id
                  OR i.cancelled_on IS NULL OR r.dated_on <> i.cancelled_on))""",
    ),
    (
        "a cancelled payment is reversed, and only it",
        """SELECT p.id AS payment, p.status FROM ledger_payment p
           JOIN ledger_entry e ON e.payment_id = p.id AND e.reverses_id IS NULL
           LEFT JOIN ledger_entry r ON r.reverses_id = e.id
           WHERE (p.status = 'cancelled') <> (r.id IS NOT NULL)
              OR (r.id IS NOT NULL AND (r.debit_paise <> e.credit_paise OR r.credit_paise <> e.debit_paise
                  OR r.party_id <> e.party_id OR r.payment_id <> e.payment_id))""",
    ),
    (
        "an adjustment posts its amount once",
        """SELECT a.id AS adjustment, a.amount_paise, e.debit_paise, e.credit_paise FROM ledger_adjustment a
           LEFT JOIN ledger_entry e ON e.adjustment_id = a.id AND e.reverses_id IS NULL
           WHERE e.id IS NULL OR e.dated_on <> a.dated_on OR e.party_id <> a.party_id OR e.kind <> a.kind
              OR CASE a.side WHEN 'D' THEN e.debit_paise ELSE e.credit_paise END <> a.amount_paise""",
    ),
    (
        "a cancelled adjustment is reversed, and only it",
        """SELECT a.id AS adjustment, a.status FROM ledger_adjustment a
           JOIN ledger_entry e ON e.adjustment_id = a.id AND e.reverses_id IS NULL
           LEFT JOIN ledger_entry r ON r.reverses_id = e.id
           WHERE (a.status = 'cancelled') <> (r.id IS NOT NULL)
              OR (r.id IS NOT NULL AND (r.debit_paise <> e.credit_paise OR r.credit_paise <> e.debit_paise
                  OR r.party_id <> e.party_id OR r.adjustment_id <> e.adjustment_id))""",
    ),
    (
        "an adjustment has its open item",
        """SELECT a.id AS adjustment, a.status, o.total_paise FROM ledger_adjustment a
           LEFT JOIN ledger_openitem o ON o.adjustment_id = a.id
           WHERE o.id IS NULL OR o.party_id <> a.party_id OR o.side <> a.side
              OR o.total_paise <> CASE a.status WHEN 'recorded' THEN a.amount_paise ELSE 0 END""",
    ),
    (
        "tax deducted from a cancelled payment is cancelled with it",
        """SELECT a.id AS adjustment, p.id AS payment FROM ledger_adjustment a JOIN ledger_payment p
           ON p.id = a.payment_id WHERE p.status = 'cancelled' AND a.status <> 'cancelled'""",
    ),
    (
        "an accepted claim is money received from its party",
        """SELECT c.id AS claim, p.id AS payment FROM ledger_paymentclaim c JOIN ledger_payment p ON p.id = c.payment_id
           WHERE p.party_id <> c.party_id OR p.business_id <> c.business_id OR p.direction <> 'received'""",
    ),
    (
        "credit notes give back no more than their invoice",
        """SELECT n.original_id AS invoice, sum(n.total_paise) AS credited, min(i.total_paise) AS total
           FROM ledger_invoice n JOIN ledger_invoice i ON i.id = n.original_id
           WHERE n.kind = 'credit_note' AND n.status = 'issued'
           GROUP BY n.original_id HAVING sum(n.total_paise) > min(i.total_paise) OR min(i.status) <> 'issued'""",
    ),
    (
        "credit notes take back no more of a line than was billed",
        """SELECT l.id AS line, l.total_paise, sum(c.total_paise) AS credited FROM ledger_invoiceline c
           JOIN ledger_invoiceline l ON l.id = c.original_line_id
           JOIN ledger_invoice n ON n.id = c.invoice_id AND n.status = 'issued'
           GROUP BY l.id, l.total_paise, l.taxable_paise, l.cgst_paise, l.sgst_paise, l.igst_paise, l.cess_paise,
                    l.untaxed_paise, l.quantity_milli
           HAVING sum(c.total_paise) > l.total_paise OR sum(c.taxable_paise) > l.taxable_paise
               OR sum(c.cgst_paise) > l.cgst_paise OR sum(c.sgst_paise) > l.sgst_paise
               OR sum(c.igst_paise) > l.igst_paise OR sum(c.cess_paise) > l.cess_paise
               OR sum(c.untaxed_paise) > l.untaxed_paise
               OR sum(CASE WHEN c.is_charge THEN 0 ELSE c.quantity_milli END) > l.quantity_milli""",
    ),
    (
        "an invoice that was replaced is cancelled or credited in full",
        """SELECT o.id AS invoice, o.total_paise, coalesce(n.credited, 0) AS credited FROM ledger_invoice r
           JOIN ledger_invoice o ON o.id = r.replaces_id
           LEFT JOIN (SELECT original_id, sum(total_paise) AS credited FROM ledger_invoice
                      WHERE kind = 'credit_note' AND status = 'issued' GROUP BY original_id) n ON n.original_id = o.id
           WHERE r.status = 'issued' AND o.status <> 'cancelled' AND coalesce(n.credited, 0) <> o.total_paise""",
    ),
    (
        "an issued document has its open item",
        """SELECT i.id AS invoice, i.status, o.total_paise FROM ledger_invoice i
           LEFT JOIN ledger_openitem o ON o.invoice_id = i.id
           WHERE (i.status = 'draft') <> (o.id IS NULL)
              OR (o.id IS NOT NULL AND (o.party_id <> i.party_id OR o.due_on <> i.due_on
                  OR o.side <> CASE i.kind WHEN 'invoice' THEN 'D' ELSE 'C' END
                  OR o.total_paise <> CASE i.status WHEN 'issued' THEN i.total_paise ELSE 0 END))""",
    ),
    (
        "a payment has its open item",
        """SELECT p.id AS payment, p.status, o.total_paise FROM ledger_payment p
           LEFT JOIN ledger_openitem o ON o.payment_id = p.id
           WHERE o.id IS NULL OR o.party_id <> p.party_id
              OR o.side <> CASE p.direction WHEN 'paid' THEN 'D' ELSE 'C' END
              OR o.total_paise <> CASE p.status WHEN 'recorded' THEN p.amount_paise ELSE 0 END""",
    ),
    (
        "what is settled is the sum of its allocations",
        """SELECT o.id AS open_item, o.settled_paise, coalesce(a.settled, 0) AS allocated FROM ledger_openitem o
           LEFT JOIN (SELECT item_id, sum(amount_paise) AS settled FROM
                        (SELECT debit_id AS item_id, amount_paise FROM ledger_allocation
                         UNION ALL SELECT credit_id, amount_paise FROM ledger_allocation) both_sides
                      GROUP BY item_id) a ON a.item_id = o.id
           WHERE o.settled_paise <> coalesce(a.settled, 0) OR o.settled_paise > o.total_paise""",
    ),
    (
        "the balance of a party is its open debits less its open credits",
        """SELECT b.party_id AS party, b.debit_paise - b.credit_paise AS balance, coalesce(o.net, 0) AS open_items
           FROM ledger_partybalance b LEFT JOIN
                (SELECT party_id, sum(CASE side WHEN 'D' THEN total_paise - settled_paise
                                                ELSE settled_paise - total_paise END) AS net
                 FROM ledger_openitem GROUP BY party_id) o ON o.party_id = b.party_id
           WHERE b.debit_paise - b.credit_paise <> coalesce(o.net, 0)""",
    ),
    (
        "a document's amounts are the sums of its lines",
        """SELECT i.id AS invoice, i.total_paise, l.total FROM ledger_invoice i LEFT JOIN
                (SELECT invoice_id, sum(taxable_paise) AS taxable, sum(cgst_paise) AS cgst, sum(sgst_paise) AS sgst,
                        sum(igst_paise) AS igst, sum(cess_paise) AS cess, sum(untaxed_paise) AS untaxed,
                        sum(total_paise) AS total FROM ledger_invoiceline GROUP BY invoice_id) l ON l.invoice_id = i.id
           WHERE i.taxable_paise <> coalesce(l.taxable, 0) OR i.cgst_paise <> coalesce(l.cgst, 0)
              OR i.sgst_paise <> coalesce(l.sgst, 0) OR i.igst_paise <> coalesce(l.igst, 0)
              OR i.cess_paise <> coalesce(l.cess, 0) OR i.untaxed_paise <> coalesce(l.untaxed, 0)
              OR i.total_paise <> coalesce(l.total, 0) + i.round_off_paise""",
    ),
    (
        "tax is CGST with the same SGST within a State, IGST between States, none without registration",
        """SELECT i.id AS invoice, i.cgst_paise, i.sgst_paise, i.igst_paise, i.cess_paise, {seller_scheme} AS scheme
           FROM ledger_invoice i WHERE i.status <> 'draft'
           AND (i.cgst_paise <> i.sgst_paise
                OR CASE WHEN i.is_inter_state THEN i.cgst_paise ELSE i.igst_paise END <> 0
                OR ({seller_scheme} <> 'regular' AND i.cgst_paise + i.sgst_paise + i.igst_paise + i.cess_paise <> 0))""",
    ),
    (
        "an issued document has lines, a label, a hash and snapshots of both sides",
        """SELECT i.id AS invoice FROM ledger_invoice i WHERE i.status <> 'draft'
           AND (i.label = '' OR i.facts_hash = '' OR {seller_name} IS NULL OR {buyer_name} IS NULL
                OR NOT EXISTS (SELECT 1 FROM ledger_invoiceline l WHERE l.invoice_id = i.id))""",
    ),
    (
        "numbers run from the first of their series without gaps",
        """SELECT s.id AS series, s.next_number, coalesce(n.how_many, 0) AS documents FROM ledger_series s
           LEFT JOIN (SELECT series_id, count(*) AS how_many, min(sequence) AS low, max(sequence) AS high FROM
                        (SELECT series_id, sequence FROM ledger_invoice WHERE sequence IS NOT NULL
                         UNION ALL SELECT series_id, sequence FROM ledger_payment
                         UNION ALL SELECT series_id, sequence FROM ledger_adjustment) documents
                      GROUP BY series_id) n ON n.series_id = s.id
           WHERE s.next_number <> coalesce(n.high + 1, s.first_number) OR coalesce(n.low, s.first_number) <> s.first_number
              OR coalesce(n.how_many, 0) <> s.next_number - s.first_number""",
    ),
    (
        "stock is the sum of its movements",
        """SELECT i.id AS item, i.stock_milli, coalesce(m.moved, 0) AS movements FROM catalog_item i
           LEFT JOIN (SELECT item_id, sum(delta_milli) AS moved FROM catalog_stockmovement GROUP BY item_id) m
                ON m.item_id = i.id
           WHERE i.stock_milli <> coalesce(m.moved, 0)""",
    ),
    (
        "reserved stock is what open orders keep",
        """SELECT i.id AS item, i.reserved_milli, coalesce(l.kept, 0) AS orders FROM catalog_item i
           LEFT JOIN (SELECT item_id, sum(reserved_milli) AS kept FROM catalog_orderline GROUP BY item_id) l
                ON l.item_id = i.id
           WHERE i.reserved_milli <> coalesce(l.kept, 0)""",
    ),
]

DIALECT = {
    "sqlite": {
        "month": "date(starts_on, 'start of month')",
        "seller_name": "json_extract(i.seller, '$.name')",
        "seller_scheme": "json_extract(i.seller, '$.scheme')",
        "buyer_name": "json_extract(i.buyer, '$.name')",
    },
    "postgresql": {
        "month": "date_trunc('month', starts_on)::date",
        "seller_name": "i.seller->>'name'",
        "seller_scheme": "i.seller->>'scheme'",
        "buyer_name": "i.buyer->>'name'",
    },
}


def check() -> Iterator[Problem]:
    """Yield every broken invariant of the whole database."""
    for name in walls.missing_triggers(connection):
        yield Problem("every trigger stands", f"missing {name}")
    for rule, sql in RULES:
        with connection.cursor() as cursor:
            cursor.execute(sql.format(**DIALECT[connection.vendor]))
            columns = [column[0] for column in cursor.description]
            while rows := cursor.fetchmany(1000):
                for row in rows:
                    yield Problem(rule, ", ".join(f"{c} {v}" for c, v in zip(columns, row, strict=True)))
