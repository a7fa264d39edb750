from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce


def date_cancellations(apps, schema_editor):
    """The date of the reversal; a document of 0 paise has none and was cancelled in open books only: its own date."""
    reversals = apps.get_model("ledger", "Entry").objects.filter(invoice=OuterRef("pk"), reverses__isnull=False)
    cancelled = apps.get_model("ledger", "Invoice").objects.filter(status="cancelled")
    cancelled.update(cancelled_on=Coalesce(Subquery(reversals.values("dated_on")[:1]), F("issued_on")))


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_open_paise")]
    operations = [
        migrations.AddField("invoice", "cancelled_on", models.DateField(null=True)),
        migrations.RunPython(date_cancellations, migrations.RunPython.noop),
    ]
