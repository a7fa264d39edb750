from django.db import migrations


def begin_series_of_prefixes(apps, schema_editor):
    """A business that has chosen its own prefix and billed nothing yet keeps its choice: the prefix itself goes away."""
    Series = apps.get_model("ledger", "Series")
    for business in apps.get_model("accounts", "Business").objects.exclude(invoice_prefix="INV"):
        if not Series.objects.filter(business=business, kind="invoice", is_default=True).exists():
            pattern = f"{business.invoice_prefix}/YY-YY/#####"
            Series.objects.get_or_create(
                business=business,
                kind="invoice",
                financial_year="2026-27",
                pattern=pattern,
                defaults={"is_default": True},
            )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_hsn_lut_sez"), ("ledger", "0002_whole_book")]
    operations = [migrations.RunPython(begin_series_of_prefixes, migrations.RunPython.noop)]
