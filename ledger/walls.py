"""What the ledger's tables refuse on both engines: entries are append-only, issued documents never change."""

from accounts.walls import Refusal

_MUTABLE_AFTER_ISSUE = {"status", "cancelled_at", "cancelled_on", "cancel_reason"}
_MUTABLE_AFTER_PROMISE = {"status", "ended_at", "ended_by_id"}
_MUTABLE_AFTER_QUERY = {"status", "changed_at"}
_MUTABLE_AFTER_PAYMENT = {"status", "cancelled_at", "cancel_reason"}  # adjustments likewise


def _changed(columns: list[str]) -> str:
    return " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)


def refusals() -> list[Refusal]:
    """Built from the models when the app is ready, so that a new column is frozen unless named as mutable."""
    from ledger.models import Adjustment, Invoice, Payment, Promise, Query

    invoice_columns = [str(f.column) for f in Invoice._meta.concrete_fields if f.column not in _MUTABLE_AFTER_ISSUE]
    payment_columns = [str(f.column) for f in Payment._meta.concrete_fields if f.column not in _MUTABLE_AFTER_PAYMENT]
    adjustment_columns = [
        str(f.column) for f in Adjustment._meta.concrete_fields if f.column not in _MUTABLE_AFTER_PAYMENT
    ]
    promise_columns = [str(f.column) for f in Promise._meta.concrete_fields if f.column not in _MUTABLE_AFTER_PROMISE]
    query_columns = [str(f.column) for f in Query._meta.concrete_fields if f.column not in _MUTABLE_AFTER_QUERY]
    is_draft = "(SELECT status FROM ledger_invoice WHERE id = {row}.invoice_id) = 'draft'"
    return [
        Refusal("entry_is_append_only", "ledger_entry", ("UPDATE", "DELETE"), "entries are append-only"),
        Refusal(
            "reversal_stays_with_its_entry",
            "ledger_entry",
            ("INSERT",),
            "a reversal belongs to the party of the entry it reverses",
            "NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.id = NEW.reverses_id "
            "AND e.business_id = NEW.business_id AND e.party_id = NEW.party_id)",
        ),
        Refusal(
            "issued_invoice_is_frozen",
            "ledger_invoice",
            ("UPDATE",),
            "an issued invoice never changes",
            f"OLD.status <> 'draft' AND ({_changed(invoice_columns)} OR NEW.status = 'draft' "
            f"OR (OLD.status = 'cancelled' AND ({_changed(sorted(_MUTABLE_AFTER_ISSUE))})))",
        ),
        Refusal(
            "issued_invoice_stays",
            "ledger_invoice",
            ("DELETE",),
            "an issued invoice is never deleted",
            "OLD.status <> 'draft'",
        ),
        Refusal(
            "issued_invoice_gets_no_line",
            "ledger_invoiceline",
            ("INSERT",),
            "lines are added to drafts only",
            f"NOT ({is_draft.format(row='NEW')})",
        ),
        Refusal(
            "issued_line_is_frozen",
            "ledger_invoiceline",
            ("UPDATE",),
            "the lines of an issued invoice never change",
            f"NOT ({is_draft.format(row='OLD')}) OR NOT ({is_draft.format(row='NEW')})",
        ),
        Refusal(
            "issued_line_stays",
            "ledger_invoiceline",
            ("DELETE",),
            "the lines of an issued invoice are never deleted",
            f"NOT ({is_draft.format(row='OLD')})",
        ),
        Refusal(
            "payment_is_frozen",
            "ledger_payment",
            ("UPDATE",),
            "a payment never changes",
            f"{_changed(payment_columns)} "
            f"OR (OLD.status = 'cancelled' AND ({_changed(sorted(_MUTABLE_AFTER_PAYMENT))}))",
        ),
        Refusal(
            "adjustment_is_frozen",
            "ledger_adjustment",
            ("UPDATE",),
            "an adjustment never changes",
            f"{_changed(adjustment_columns)} "
            f"OR (OLD.status = 'cancelled' AND ({_changed(sorted(_MUTABLE_AFTER_PAYMENT))}))",
        ),
        Refusal("adjustment_stays", "ledger_adjustment", ("DELETE",), "an adjustment is never deleted"),
        Refusal(
            "credited_line_is_of_the_original",
            "ledger_invoiceline",
            ("INSERT", "UPDATE"),
            "a credit note takes back lines of the invoice it corrects",
            "NEW.original_line_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_invoice n JOIN ledger_invoiceline l "
            "ON l.invoice_id = n.original_id WHERE n.id = NEW.invoice_id AND l.id = NEW.original_line_id)",
        ),
        Refusal(
            "promise_is_frozen",
            "ledger_promise",
            ("UPDATE",),
            "what was promised never changes",
            f"{_changed(promise_columns)} OR OLD.status <> 'made'",
        ),
        Refusal("promise_stays", "ledger_promise", ("DELETE",), "a promise is never deleted"),
        Refusal(
            "query_is_frozen", "ledger_query", ("UPDATE",), "what was asked never changes", _changed(query_columns)
        ),
        Refusal("query_stays", "ledger_query", ("DELETE",), "a query is never deleted"),
        Refusal(
            "query_message_is_append_only",
            "ledger_querymessage",
            ("UPDATE", "DELETE"),
            "what was said in a query is append-only",
        ),
        Refusal(
            "confirmation_is_append_only",
            "ledger_balanceconfirmation",
            ("UPDATE", "DELETE"),
            "balance confirmations are append-only",
        ),
        Refusal("payment_stays", "ledger_payment", ("DELETE",), "a payment is never deleted"),
        Refusal("open_item_stays", "ledger_openitem", ("DELETE",), "open items are never deleted"),
        Refusal(
            "open_item_keeps_its_document",
            "ledger_openitem",
            ("UPDATE",),
            "an open item keeps its document",
            _changed(
                ["business_id", "party_id", "side", "invoice_id", "payment_id", "adjustment_id", "dated_on", "due_on"]
            )
            + " OR NEW.total_paise NOT IN (OLD.total_paise, 0)",
        ),
    ]
