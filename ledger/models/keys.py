"""Composite keys that a row of the ledger has: its party, and its document, are of its own business."""

from accounts.walls import TenantKey, tenant_key


def party_key(name: str) -> TenantKey:
    """The row's party belongs to the row's business."""
    return tenant_key(name, "party_id", "accounts_party")


def document_key(name: str, column: str, table: str) -> TenantKey:
    """The row's document belongs to the row's business and party."""
    return TenantKey(
        name=name,
        columns=["business_id", "party_id", column],
        target=table,
        target_columns=["business_id", "party_id", "id"],
    )
