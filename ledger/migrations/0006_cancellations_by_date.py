from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_cancelled_on")]
    operations = [
        migrations.RemoveConstraint("invoice", "cancelled_invoice_has_its_time"),
        migrations.AddIndex(
            "invoice",
            models.Index(
                fields=["business", "cancelled_on", "id"],
                condition=models.Q(("cancelled_on__gt", models.F("issued_on"))),
                name="invoices_taken_back_later",
            ),
        ),
        migrations.AddConstraint(
            "invoice",
            models.CheckConstraint(
                name="cancelled_invoice_has_its_time",
                condition=models.Q(
                    status="cancelled", cancelled_at__isnull=False, cancelled_on__gte=models.F("issued_on")
                )
                | (~models.Q(status="cancelled") & models.Q(cancelled_at__isnull=True, cancelled_on__isnull=True)),
            ),
        ),
    ]
