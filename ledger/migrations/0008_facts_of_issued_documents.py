from django.db import migrations

from accounts import walls
from ledger import facts

BATCH = 500


def hash_issued_documents(apps, schema_editor):
    """Documents issued before there was a hash get theirs; their other columns stay as they are."""
    Invoice = apps.get_model("ledger", "Invoice")
    issued = Invoice.objects.exclude(status="draft").filter(facts_hash="").order_by("pk")
    if not issued.exists():
        return
    walls.remove_triggers(schema_editor.connection)  # made again when all migrations are done
    last = 0
    while batch := list(issued.filter(pk__gt=last).select_related("original").prefetch_related("lines")[:BATCH]):
        last = batch[-1].pk
        for invoice in batch:
            invoice.facts_hash = facts.hash_of(invoice, invoice.lines.all())
        Invoice.objects.bulk_update(batch, ["facts_hash"])


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_papers")]
    operations = [migrations.RunPython(hash_issued_documents, migrations.RunPython.noop)]
