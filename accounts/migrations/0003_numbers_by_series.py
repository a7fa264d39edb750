from django.db import migrations


class Migration(migrations.Migration):
    """The prefix of invoice numbers has become the pattern of a series (ledger 0002 and 0003)."""

    dependencies = [("accounts", "0002_hsn_lut_sez"), ("ledger", "0003_series_of_prefixes")]
    operations = [migrations.RemoveField("business", "invoice_prefix")]
