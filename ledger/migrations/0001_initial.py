import accounts.models.ids
import accounts.walls
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
        ('catalog', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', accounts.models.ids.PublicIdField(default=accounts.models.ids.new_public_id, editable=False, max_length=12, unique=True)),
                ('kind', models.CharField(choices=[('invoice', 'Invoice'), ('credit_note', 'Credit note')], default='invoice', max_length=12)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('issued', 'Issued'), ('cancelled', 'Cancelled')], default='draft', max_length=10)),
                ('sequence', models.PositiveIntegerField(null=True)),
                ('number', models.CharField(blank=True, max_length=16, verbose_name='number')),
                ('financial_year', models.CharField(blank=True, max_length=7)),
                ('issued_on', models.DateField(verbose_name='date')),
                ('due_on', models.DateField(verbose_name='due date')),
                ('reference', models.CharField(blank=True, max_length=40, verbose_name='reference')),
                ('notes', models.TextField(blank=True, max_length=1000, verbose_name='note printed on the document')),
                ('label', models.CharField(blank=True, max_length=40)),
                ('place_of_supply', models.CharField(blank=True, choices=[('01', 'Jammu and Kashmir'), ('02', 'Himachal Pradesh'), ('03', 'Punjab'), ('04', 'Chandigarh'), ('05', 'Uttarakhand'), ('06', 'Haryana'), ('07', 'Delhi'), ('08', 'Rajasthan'), ('09', 'Uttar Pradesh'), ('10', 'Bihar'), ('11', 'Sikkim'), ('12', 'Arunachal Pradesh'), ('13', 'Nagaland'), ('14', 'Manipur'), ('15', 'Mizoram'), ('16', 'Tripura'), ('17', 'Meghalaya'), ('18', 'Assam'), ('19', 'West Bengal'), ('20', 'Jharkhand'), ('21', 'Odisha'), ('22', 'Chhattisgarh'), ('23', 'Madhya Pradesh'), ('24', 'Gujarat'), ('26', 'Dadra and Nagar Haveli and Daman and Diu'), ('27', 'Maharashtra'), ('29', 'Karnataka'), ('30', 'Goa'), ('31', 'Lakshadweep'), ('32', 'Kerala'), ('33', 'Tamil Nadu'), ('34', 'Puducherry'), ('35', 'Andaman and Nicobar Islands'), ('36', 'Telangana'), ('37', 'Andhra Pradesh'), ('38', 'Ladakh'), ('96', 'Other Countries'), ('97', 'Other Territory')], max_length=2, verbose_name='place of supply')),
                ('is_inter_state', models.BooleanField(default=False)),
                ('rounds_off', models.BooleanField(default=True, verbose_name='round to the rupee')),
                ('seller', models.JSONField(default=dict)),
                ('buyer', models.JSONField(default=dict)),
                ('taxable_paise', models.BigIntegerField(default=0)),
                ('cgst_paise', models.BigIntegerField(default=0)),
                ('sgst_paise', models.BigIntegerField(default=0)),
                ('igst_paise', models.BigIntegerField(default=0)),
                ('cess_paise', models.BigIntegerField(default=0)),
                ('round_off_paise', models.BigIntegerField(default=0)),
                ('total_paise', models.BigIntegerField(default=0)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('issued_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancel_reason', models.CharField(blank=True, max_length=200)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='accounts.business')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='catalog.order')),
                ('original', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='credit_notes', to='ledger.invoice')),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='accounts.party')),
            ],
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', accounts.models.ids.PublicIdField(default=accounts.models.ids.new_public_id, editable=False, max_length=12, unique=True)),
                ('direction', models.CharField(choices=[('received', 'Received'), ('paid', 'Paid')], default='received', max_length=8)),
                ('status', models.CharField(choices=[('recorded', 'Recorded'), ('cancelled', 'Cancelled')], default='recorded', max_length=10)),
                ('sequence', models.PositiveIntegerField()),
                ('number', models.CharField(max_length=16)),
                ('financial_year', models.CharField(max_length=7)),
                ('paid_on', models.DateField(verbose_name='date')),
                ('mode', models.CharField(choices=[('cash', 'Cash'), ('upi', 'UPI'), ('bank', 'Bank transfer'), ('cheque', 'Cheque'), ('card', 'Card')], default='cash', max_length=8, verbose_name='how')),
                ('amount_paise', models.BigIntegerField(verbose_name='amount')),
                ('reference', models.CharField(blank=True, max_length=40, verbose_name='reference (UTR, cheque number)')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancel_reason', models.CharField(blank=True, max_length=200)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='accounts.business')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='accounts.party')),
            ],
        ),
        migrations.CreateModel(
            name='OpenItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('D', 'Debit'), ('C', 'Credit')], max_length=1)),
                ('dated_on', models.DateField()),
                ('due_on', models.DateField()),
                ('total_paise', models.BigIntegerField()),
                ('settled_paise', models.BigIntegerField(default=0)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.business')),
                ('invoice', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='open_item', to='ledger.invoice')),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='open_items', to='accounts.party')),
                ('payment', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='open_item', to='ledger.payment')),
            ],
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dated_on', models.DateField()),
                ('kind', models.CharField(choices=[('invoice', 'Invoice'), ('credit_note', 'Credit note'), ('payment', 'Payment'), ('refund', 'Refund'), ('reversal', 'Cancelled')], max_length=12)),
                ('debit_paise', models.BigIntegerField(default=0)),
                ('credit_paise', models.BigIntegerField(default=0)),
                ('posted_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.business')),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='accounts.party')),
                ('posted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='ledger.entry')),
                ('invoice', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.invoice')),
                ('payment', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.payment')),
            ],
            options={
                'verbose_name_plural': 'entries',
            },
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('invoice', 'Invoices'), ('credit_note', 'Credit notes'), ('receipt', 'Payments received'), ('payout', 'Payments made')], max_length=12)),
                ('financial_year', models.CharField(max_length=7)),
                ('prefix', models.CharField(max_length=4)),
                ('next_number', models.PositiveIntegerField(default=1)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='series', to='accounts.business')),
            ],
            options={
                'verbose_name_plural': 'series',
            },
        ),
        migrations.AddField(
            model_name='payment',
            name='series',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='ledger.series'),
        ),
        migrations.AddField(
            model_name='invoice',
            name='series',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='ledger.series'),
        ),
        migrations.CreateModel(
            name='ShareLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', accounts.models.ids.PublicIdField(default=accounts.models.ids.new_public_id, editable=False, max_length=12, unique=True)),
                ('kind', models.CharField(choices=[('invoice', 'Invoice link'), ('portal', 'Portal link')], max_length=8)),
                ('key', models.BigIntegerField(unique=True)),
                ('access_version', models.PositiveIntegerField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='accounts.business')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('invoice', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='links', to='ledger.invoice')),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='links', to='accounts.party')),
            ],
        ),
        migrations.CreateModel(
            name='LinkOpen',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(choices=[('opened', 'Opened'), ('logged_in', 'Logged in')], max_length=10)),
                ('device', models.CharField(blank=True, max_length=100)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('link', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='opens', to='ledger.sharelink')),
            ],
        ),
        migrations.CreateModel(
            name='DayTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('debit_paise', models.BigIntegerField(default=0)),
                ('credit_paise', models.BigIntegerField(default=0)),
                ('starts_on', models.DateField()),
                ('business', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.business')),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'party', 'starts_on'), name='one_day_total_per_party')],
            },
        ),
        migrations.CreateModel(
            name='InvoiceLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('description', models.CharField(max_length=200, verbose_name='description')),
                ('hsn', models.CharField(blank=True, max_length=8, verbose_name='HSN/SAC')),
                ('unit', models.CharField(choices=[('PCS', 'pcs'), ('KGS', 'kg'), ('GMS', 'g'), ('LTR', 'litre'), ('MLT', 'ml'), ('MTR', 'm'), ('BOX', 'box'), ('BAG', 'bag'), ('BTL', 'bottle'), ('CTN', 'carton'), ('DOZ', 'dozen'), ('PAC', 'pack'), ('SET', 'set'), ('NOS', 'nos'), ('OTH', 'other')], default='PCS', max_length=3, verbose_name='unit')),
                ('quantity_milli', models.BigIntegerField(verbose_name='quantity')),
                ('unit_price_e4', models.BigIntegerField(verbose_name='price')),
                ('price_includes_tax', models.BooleanField(default=False)),
                ('discount_paise', models.BigIntegerField(default=0, verbose_name='discount')),
                ('gst_rate_bp', models.PositiveSmallIntegerField(default=0, verbose_name='GST rate')),
                ('taxable_paise', models.BigIntegerField()),
                ('cgst_paise', models.BigIntegerField(default=0)),
                ('sgst_paise', models.BigIntegerField(default=0)),
                ('igst_paise', models.BigIntegerField(default=0)),
                ('cess_paise', models.BigIntegerField(default=0)),
                ('total_paise', models.BigIntegerField()),
                ('business', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.business')),
                ('invoice', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='ledger.invoice')),
                ('item', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.item')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('invoice', 'position'), name='one_line_per_position'), models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0)), name='line_quantity_is_positive'), models.CheckConstraint(condition=models.Q(('cess_paise__gte', 0), ('cgst_paise__gte', 0), ('discount_paise__gte', 0), ('igst_paise__gte', 0), ('sgst_paise__gte', 0), ('taxable_paise__gte', 0), ('total_paise__gte', 0), ('unit_price_e4__gte', 0)), name='line_amounts_are_not_negative'), models.CheckConstraint(condition=models.Q(('total_paise', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('taxable_paise'), '+', models.F('cgst_paise')), '+', models.F('sgst_paise')), '+', models.F('igst_paise')), '+', models.F('cess_paise')))), name='line_total_is_the_sum_of_its_parts')],
            },
        ),
        migrations.CreateModel(
            name='MonthTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('debit_paise', models.BigIntegerField(default=0)),
                ('credit_paise', models.BigIntegerField(default=0)),
                ('starts_on', models.DateField()),
                ('business', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.business')),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'party', 'starts_on'), name='one_month_total_per_party')],
            },
        ),
        migrations.CreateModel(
            name='Allocation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('debit_side', models.CharField(default='D', editable=False, max_length=1)),
                ('credit_side', models.CharField(default='C', editable=False, max_length=1)),
                ('amount_paise', models.BigIntegerField()),
                ('allocated_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.business')),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.party')),
                ('credit', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='settles', to='ledger.openitem')),
                ('debit', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='settled_by', to='ledger.openitem')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('debit', 'credit'), name='one_allocation_per_pair'), models.CheckConstraint(condition=models.Q(('amount_paise__gt', 0)), name='allocated_amount_is_positive'), models.CheckConstraint(condition=models.Q(('credit_side', 'C'), ('debit_side', 'D')), name='credit_settles_debit')],
            },
        ),
        migrations.CreateModel(
            name='PartyBalance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('debit_paise', models.BigIntegerField(default=0)),
                ('credit_paise', models.BigIntegerField(default=0)),
                ('business', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.business')),
                ('party', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='balance', to='accounts.party')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'party'), name='one_balance_per_party')],
            },
        ),
        migrations.AddIndex(
            model_name='openitem',
            index=models.Index(condition=models.Q(('settled_paise__lt', models.F('total_paise'))), fields=['business', 'party', 'due_on', 'id'], name='items_still_open'),
        ),
        migrations.AddConstraint(
            model_name='openitem',
            constraint=models.UniqueConstraint(fields=('business', 'party', 'side', 'id'), name='open_item_in_party_and_side'),
        ),
        migrations.AddConstraint(
            model_name='openitem',
            constraint=models.CheckConstraint(condition=models.Q(('settled_paise__gte', 0), ('settled_paise__lte', models.F('total_paise'))), name='settled_is_between_nothing_and_all'),
        ),
        migrations.AddConstraint(
            model_name='openitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invoice__isnull', False), ('payment__isnull', True)), models.Q(('invoice__isnull', True), ('payment__isnull', False)), _connector='OR'), name='open_item_has_one_source'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['business', 'party', 'dated_on', 'id'], include=('debit_paise', 'credit_paise'), name='entries_of_party_by_date'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('credit_paise', 0), ('debit_paise__gt', 0)), models.Q(('credit_paise__gt', 0), ('debit_paise', 0)), _connector='OR'), name='entry_is_debit_or_credit'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invoice__isnull', False), ('payment__isnull', True)), models.Q(('invoice__isnull', True), ('payment__isnull', False)), _connector='OR'), name='entry_has_one_source'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'reversal'), ('reverses__isnull', False)), models.Q(models.Q(('kind', 'reversal'), _negated=True), ('reverses__isnull', True)), _connector='OR'), name='reversals_and_only_they_reverse'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('invoice__isnull', False), ('reverses__isnull', True)), fields=('invoice',), name='an_invoice_posts_once'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('payment__isnull', False), ('reverses__isnull', True)), fields=('payment',), name='a_payment_posts_once'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.UniqueConstraint(fields=('business', 'kind', 'financial_year', 'prefix'), name='one_series_per_kind_year_and_prefix'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.UniqueConstraint(fields=('business', 'id'), name='series_in_business'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['business', '-paid_on', '-id'], name='payments_of_business'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['business', 'party', '-paid_on', '-id'], name='payments_of_party'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('business', 'party', 'id'), name='payment_in_party'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('business', 'direction', 'financial_year', 'number'), name='payment_number_once_per_year'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('series', 'sequence'), name='payment_sequence_once_per_series'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('reference', ''), _negated=True), ('status', 'recorded')), fields=('business', 'party', 'mode', 'reference'), name='a_payment_reference_once_per_party'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_paise__gt', 0)), name='payment_amount_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', False), ('status', 'cancelled')), models.Q(('cancelled_at__isnull', True), ('status', 'recorded')), _connector='OR'), name='cancelled_payment_has_its_time'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(fields=['business', 'kind', '-issued_on', '-id'], name='invoices_of_business'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(fields=['business', 'party', 'kind', '-issued_on', '-id'], name='invoices_of_party'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('reference', ''), _negated=True), fields=['business', 'reference'], name='invoices_by_reference'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(fields=('business', 'id'), name='invoice_in_business'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(fields=('business', 'party', 'id'), name='invoice_in_party'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('business', 'kind', 'financial_year', 'number'), name='invoice_number_once_per_year'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(fields=('series', 'sequence'), name='invoice_sequence_once_per_series'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(condition=models.Q(('order__isnull', False), models.Q(('status', 'cancelled'), _negated=True)), fields=('order',), name='an_order_is_billed_once'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('issued_at__isnull', True), ('number', ''), ('sequence__isnull', True), ('status', 'draft')), models.Q(models.Q(('status', 'draft'), _negated=True), models.Q(('number', ''), _negated=True), ('issued_at__isnull', False), ('sequence__isnull', False)), _connector='OR'), name='only_drafts_have_no_number'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', False), ('status', 'cancelled')), models.Q(models.Q(('status', 'cancelled'), _negated=True), ('cancelled_at__isnull', True)), _connector='OR'), name='cancelled_invoice_has_its_time'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('cess_paise__gte', 0), ('cgst_paise__gte', 0), ('igst_paise__gte', 0), ('sgst_paise__gte', 0), ('taxable_paise__gte', 0), ('total_paise__gte', 0)), name='invoice_amounts_are_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('total_paise', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('taxable_paise'), '+', models.F('cgst_paise')), '+', models.F('sgst_paise')), '+', models.F('igst_paise')), '+', models.F('cess_paise')), '+', models.F('round_off_paise')))), name='invoice_total_is_the_sum_of_its_parts'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('igst_paise', 0), models.Q(('cgst_paise', 0), ('sgst_paise', 0)), _connector='OR'), name='igst_or_cgst_with_sgst'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('due_on__gte', models.F('issued_on'))), name='due_date_is_not_before_date'),
        ),
        migrations.AddIndex(
            model_name='sharelink',
            index=models.Index(fields=['business', 'party', '-id'], name='links_of_party'),
        ),
        migrations.AddConstraint(
            model_name='sharelink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invoice__isnull', False), ('kind', 'invoice')), models.Q(('invoice__isnull', True), ('kind', 'portal')), _connector='OR'), name='invoice_links_and_only_they_have_an_invoice'),
        ),
        migrations.AddConstraint(
            model_name='sharelink',
            constraint=models.UniqueConstraint(fields=('business', 'id'), name='link_in_business'),
        ),
        migrations.AddIndex(
            model_name='linkopen',
            index=models.Index(fields=['business', 'link', '-id'], name='opens_of_link'),
        ),
        migrations.AddConstraint(
            model_name='daytotal',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='day_total_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='invoiceline',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'invoice_id'), name='line_of_invoice_of_same_business', target='ledger_invoice', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='invoiceline',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'item_id'), name='line_item_of_same_business', target='catalog_item', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='monthtotal',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='month_total_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id', 'debit_side', 'debit_id'), name='allocated_debit_of_same_party', target='ledger_openitem', target_columns=('business_id', 'party_id', 'side', 'id')),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id', 'credit_side', 'credit_id'), name='allocated_credit_of_same_party', target='ledger_openitem', target_columns=('business_id', 'party_id', 'side', 'id')),
        ),
        migrations.AddConstraint(
            model_name='partybalance',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='balance_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='openitem',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='open_item_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='openitem',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id', 'invoice_id'), name='open_item_of_invoice_of_same_party', target='ledger_invoice', target_columns=('business_id', 'party_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='openitem',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id', 'payment_id'), name='open_item_of_payment_of_same_party', target='ledger_payment', target_columns=('business_id', 'party_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='entry_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id', 'invoice_id'), name='entry_of_invoice_of_same_party', target='ledger_invoice', target_columns=('business_id', 'party_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id', 'payment_id'), name='entry_of_payment_of_same_party', target='ledger_payment', target_columns=('business_id', 'party_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='payment_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'series_id'), name='payment_series_of_same_business', target='ledger_series', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='invoice_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id', 'original_id'), name='credit_note_of_original_of_same_party', target='ledger_invoice', target_columns=('business_id', 'party_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'series_id'), name='invoice_series_of_same_business', target='ledger_series', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'order_id'), name='invoice_order_of_same_business', target='catalog_order', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='sharelink',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='link_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='sharelink',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id', 'invoice_id'), name='link_of_invoice_of_same_party', target='ledger_invoice', target_columns=('business_id', 'party_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='linkopen',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'link_id'), name='open_of_link_of_same_business', target='ledger_sharelink', target_columns=('business_id', 'id')),
        ),
    ]
