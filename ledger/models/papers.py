"""Finished PDFs, kept by what they show."""

from django.db import models

from accounts.models import Business
from ledger.models.keys import party_key


class Paper(models.Model):
    """A PDF of one document. `key` names all that it shows (ledger.papers); whoever claims the row renders it.

    A row without content is being rendered since `claimed_at`. Rows may go at any time: they are made anew.
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    party = models.ForeignKey("accounts.Party", models.CASCADE, related_name="+", db_constraint=False)
    key = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    claimed_at = models.DateTimeField()
    asked_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_paper_is_made_once", fields=["business", "key"]),
            party_key("paper_of_party_of_same_business"),
        ]
