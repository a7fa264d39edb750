import accounts.models.ids
import accounts.walls
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='accounts.business')),
            ],
            options={
                'verbose_name_plural': 'categories',
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', accounts.models.ids.PublicIdField(default=accounts.models.ids.new_public_id, editable=False, max_length=12, unique=True)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('code', models.CharField(blank=True, max_length=40, verbose_name='your own code')),
                ('description', models.CharField(blank=True, max_length=500, verbose_name='description')),
                ('hsn', models.CharField(blank=True, max_length=8, validators=[django.core.validators.RegexValidator('\\A([0-9]{4}|[0-9]{6}|[0-9]{8})\\Z', 'An HSN code has 4, 6 or 8 digits, a SAC 6 digits beginning with 99.')], verbose_name='HSN/SAC')),
                ('unit', models.CharField(choices=[('PCS', 'pcs'), ('KGS', 'kg'), ('GMS', 'g'), ('LTR', 'litre'), ('MLT', 'ml'), ('MTR', 'm'), ('BOX', 'box'), ('BAG', 'bag'), ('BTL', 'bottle'), ('CTN', 'carton'), ('DOZ', 'dozen'), ('PAC', 'pack'), ('SET', 'set'), ('NOS', 'nos'), ('OTH', 'other')], default='PCS', max_length=3, verbose_name='unit')),
                ('unit_price_e4', models.BigIntegerField(verbose_name='price')),
                ('price_includes_tax', models.BooleanField(default=False, verbose_name='price includes GST')),
                ('gst_rate_bp', models.PositiveSmallIntegerField(default=0, verbose_name='GST rate')),
                ('tracks_stock', models.BooleanField(default=False, verbose_name='keep count of stock')),
                ('stock_milli', models.BigIntegerField(default=0, editable=False, verbose_name='in stock')),
                ('reserved_milli', models.BigIntegerField(default=0, editable=False, verbose_name='ordered, not billed')),
                ('in_store', models.BooleanField(default=True, verbose_name='show in the online store')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='accounts.business')),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='items', to='catalog.category')),
                ('image', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.image')),
            ],
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', accounts.models.ids.PublicIdField(default=accounts.models.ids.new_public_id, editable=False, max_length=12, unique=True)),
                ('number', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('placed', 'Placed'), ('billed', 'Billed'), ('declined', 'Declined'), ('cancelled', 'Cancelled by customer')], default='placed', max_length=10)),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note for the shop')),
                ('answer', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('total_paise', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(0)])),
                ('placed_at', models.DateTimeField(auto_now_add=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='orders', to='accounts.business')),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='accounts.party')),
                ('placed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('description', models.CharField(max_length=200)),
                ('unit', models.CharField(choices=[('PCS', 'pcs'), ('KGS', 'kg'), ('GMS', 'g'), ('LTR', 'litre'), ('MLT', 'ml'), ('MTR', 'm'), ('BOX', 'box'), ('BAG', 'bag'), ('BTL', 'bottle'), ('CTN', 'carton'), ('DOZ', 'dozen'), ('PAC', 'pack'), ('SET', 'set'), ('NOS', 'nos'), ('OTH', 'other')], max_length=3)),
                ('quantity_milli', models.BigIntegerField()),
                ('reserved_milli', models.BigIntegerField(default=0)),
                ('unit_price_e4', models.BigIntegerField()),
                ('price_includes_tax', models.BooleanField()),
                ('gst_rate_bp', models.PositiveSmallIntegerField()),
                ('amount_paise', models.BigIntegerField()),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('item', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.item')),
                ('order', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='catalog.order')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='StockMovement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('delta_milli', models.BigIntegerField()),
                ('reason', models.CharField(choices=[('counted', 'Counted'), ('sold', 'Sold'), ('returned', 'Returned'), ('cancelled', 'Bill cancelled')], max_length=10)),
                ('subject_kind', models.CharField(blank=True, max_length=20)),
                ('subject_id', models.CharField(blank=True, max_length=40)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('item', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='catalog.item')),
            ],
        ),
        migrations.CreateModel(
            name='Storefront',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_open', models.BooleanField(default=True, verbose_name='customers can order online')),
                ('minimum_order_paise', models.BigIntegerField(default=0, verbose_name='smallest order')),
                ('next_order_number', models.PositiveIntegerField(default=1)),
                ('business', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='storefront', to='accounts.business')),
            ],
        ),
        migrations.AddConstraint(
            model_name='category',
            constraint=models.UniqueConstraint(fields=('business', 'id'), name='category_in_business'),
        ),
        migrations.AddConstraint(
            model_name='category',
            constraint=models.UniqueConstraint(models.F('business'), django.db.models.functions.text.Lower('name'), name='category_name_once_per_business'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(fields=['business', 'name'], name='item_by_name'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(fields=('business', 'id'), name='item_in_business'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(condition=models.Q(('code', ''), _negated=True), fields=('business', 'code'), name='one_item_per_code'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price_e4__gte', 0)), name='item_price_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('gst_rate_bp__lte', 10000)), name='item_rate_is_at_most_100_percent'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('reserved_milli__gte', 0)), name='reserved_is_not_negative'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['business', '-id'], name='orders_of_business'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['business', 'party', '-id'], name='orders_of_party'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('business', 'number'), name='order_number_once_per_business'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('business', 'id'), name='order_in_business'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('total_paise__gte', 0)), name='order_total_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.UniqueConstraint(fields=('order', 'item'), name='an_item_once_per_order'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0)), name='ordered_quantity_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('reserved_milli__gte', 0), ('reserved_milli__lte', models.F('quantity_milli'))), name='reserved_at_most_what_was_ordered'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('amount_paise__gte', 0), ('unit_price_e4__gte', 0)), name='order_line_amount_is_not_negative'),
        ),
        migrations.AddIndex(
            model_name='stockmovement',
            index=models.Index(fields=['business', 'item', '-id'], name='movements_of_item'),
        ),
        migrations.AddConstraint(
            model_name='stockmovement',
            constraint=models.CheckConstraint(condition=models.Q(('delta_milli', 0), _negated=True), name='movement_moves_something'),
        ),
        migrations.AddConstraint(
            model_name='storefront',
            constraint=models.CheckConstraint(condition=models.Q(('minimum_order_paise__gte', 0)), name='smallest_order_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'category_id'), name='item_category_of_same_business', target='catalog_category', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'image_id'), name='item_image_of_same_business', target='accounts_image', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='order_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'order_id'), name='line_of_order_of_same_business', target='catalog_order', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'item_id'), name='order_line_item_of_same_business', target='catalog_item', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='stockmovement',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'item_id'), name='movement_of_item_of_same_business', target='catalog_item', target_columns=('business_id', 'id')),
        ),
    ]
