import accounts.models.ids
import accounts.validators
import accounts.walls
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import phonenumber_field.modelfields
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('phone', phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None, unique=True, verbose_name='mobile number')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('language', models.CharField(blank=True, max_length=10)),
                ('is_staff', models.BooleanField(default=False, verbose_name='operator')),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('consented_at', models.DateTimeField(blank=True, null=True, verbose_name='agreed to the privacy notice at')),
                ('consent_version', models.CharField(blank=True, max_length=20)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Business',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(blank=True, max_length=300, verbose_name='address')),
                ('city', models.CharField(blank=True, max_length=80, verbose_name='city')),
                ('pin_code', models.CharField(blank=True, max_length=6, validators=[django.core.validators.RegexValidator('\\A[1-9][0-9]{5}\\Z', 'A PIN code has six digits.')], verbose_name='PIN code')),
                ('state_code', models.CharField(blank=True, choices=[('01', 'Jammu and Kashmir'), ('02', 'Himachal Pradesh'), ('03', 'Punjab'), ('04', 'Chandigarh'), ('05', 'Uttarakhand'), ('06', 'Haryana'), ('07', 'Delhi'), ('08', 'Rajasthan'), ('09', 'Uttar Pradesh'), ('10', 'Bihar'), ('11', 'Sikkim'), ('12', 'Arunachal Pradesh'), ('13', 'Nagaland'), ('14', 'Manipur'), ('15', 'Mizoram'), ('16', 'Tripura'), ('17', 'Meghalaya'), ('18', 'Assam'), ('19', 'West Bengal'), ('20', 'Jharkhand'), ('21', 'Odisha'), ('22', 'Chhattisgarh'), ('23', 'Madhya Pradesh'), ('24', 'Gujarat'), ('26', 'Dadra and Nagar Haveli and Daman and Diu'), ('27', 'Maharashtra'), ('29', 'Karnataka'), ('30', 'Goa'), ('31', 'Lakshadweep'), ('32', 'Kerala'), ('33', 'Tamil Nadu'), ('34', 'Puducherry'), ('35', 'Andaman and Nicobar Islands'), ('36', 'Telangana'), ('37', 'Andhra Pradesh'), ('38', 'Ladakh'), ('96', 'Other Countries'), ('97', 'Other Territory')], max_length=2, verbose_name='State')),
                ('public_id', accounts.models.ids.PublicIdField(default=accounts.models.ids.new_public_id, editable=False, max_length=12, unique=True)),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='business name')),
                ('scheme', models.CharField(choices=[('regular', 'GST registered, regular'), ('composition', 'GST registered, composition'), ('unregistered', 'Not registered under GST')], default='unregistered', max_length=12, verbose_name='GST')),
                ('gstin', models.CharField(blank=True, max_length=15, validators=[accounts.validators.validate_gstin], verbose_name='GSTIN')),
                ('phone', phonenumber_field.modelfields.PhoneNumberField(blank=True, max_length=128, region=None, verbose_name='phone shown to customers')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail shown to customers')),
                ('upi_id', models.CharField(blank=True, max_length=100, validators=[django.core.validators.RegexValidator('\\A[A-Za-z0-9.\\-_]{2,100}@([A-Za-z][A-Za-z0-9]{1,63}|[A-Za-z]{4}0[A-Za-z0-9]{6}\\.ifsc\\.npci)\\Z', 'A UPI id looks like ramkirana@okaxis.')], verbose_name='UPI id')),
                ('bank_name', models.CharField(blank=True, max_length=80, verbose_name='bank')),
                ('bank_account', models.CharField(blank=True, max_length=34, validators=[django.core.validators.RegexValidator('\\A[0-9A-Z]{4,34}\\Z', 'Only digits and capital letters.')], verbose_name='account number')),
                ('bank_ifsc', models.CharField(blank=True, max_length=11, validators=[django.core.validators.RegexValidator('\\A[A-Z]{4}0[A-Z0-9]{6}\\Z', 'An IFSC has 11 characters and looks like HDFC0001234.')], verbose_name='IFSC')),
                ('terms', models.TextField(blank=True, max_length=1000, verbose_name='terms printed on invoices')),
                ('invoice_prefix', models.CharField(default='INV', max_length=4, validators=[django.core.validators.RegexValidator('\\A[A-Z0-9]{1,4}\\Z', 'One to four capital letters or digits.')], verbose_name='prefix of invoice numbers')),
                ('default_credit_days', models.PositiveSmallIntegerField(default=15, validators=[django.core.validators.MaxValueValidator(365)], verbose_name='credit days')),
                ('books_closed_on', models.DateField(blank=True, null=True, verbose_name='books closed up to')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'verbose_name_plural': 'businesses',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('gstin', ''), ('scheme', 'unregistered')), models.Q(models.Q(('scheme', 'unregistered'), _negated=True), models.Q(('gstin', ''), _negated=True)), _connector='OR'), name='registered_business_has_gstin', violation_error_message='A registered business needs its GSTIN, an unregistered one has none.')],
            },
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('summary', models.CharField(blank=True, max_length=100, verbose_name='browser and phone')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_login_at', models.DateTimeField()),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LimitCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('window_start', models.BigIntegerField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('count', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('key', 'window_start'), name='one_counter_per_key_and_window')],
            },
        ),
        migrations.CreateModel(
            name='LoginChallenge',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(choices=[('merchant', 'Merchant'), ('portal', 'Portal')], max_length=10)),
                ('phone', models.CharField(max_length=16)),
                ('session_hash', models.CharField(max_length=64)),
                ('is_known', models.BooleanField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('consumed_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('tries__lte', 5)), name='challenge_has_at_most_five_tries')],
            },
        ),
        migrations.CreateModel(
            name='Party',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(blank=True, max_length=300, verbose_name='address')),
                ('city', models.CharField(blank=True, max_length=80, verbose_name='city')),
                ('pin_code', models.CharField(blank=True, max_length=6, validators=[django.core.validators.RegexValidator('\\A[1-9][0-9]{5}\\Z', 'A PIN code has six digits.')], verbose_name='PIN code')),
                ('state_code', models.CharField(blank=True, choices=[('01', 'Jammu and Kashmir'), ('02', 'Himachal Pradesh'), ('03', 'Punjab'), ('04', 'Chandigarh'), ('05', 'Uttarakhand'), ('06', 'Haryana'), ('07', 'Delhi'), ('08', 'Rajasthan'), ('09', 'Uttar Pradesh'), ('10', 'Bihar'), ('11', 'Sikkim'), ('12', 'Arunachal Pradesh'), ('13', 'Nagaland'), ('14', 'Manipur'), ('15', 'Mizoram'), ('16', 'Tripura'), ('17', 'Meghalaya'), ('18', 'Assam'), ('19', 'West Bengal'), ('20', 'Jharkhand'), ('21', 'Odisha'), ('22', 'Chhattisgarh'), ('23', 'Madhya Pradesh'), ('24', 'Gujarat'), ('26', 'Dadra and Nagar Haveli and Daman and Diu'), ('27', 'Maharashtra'), ('29', 'Karnataka'), ('30', 'Goa'), ('31', 'Lakshadweep'), ('32', 'Kerala'), ('33', 'Tamil Nadu'), ('34', 'Puducherry'), ('35', 'Andaman and Nicobar Islands'), ('36', 'Telangana'), ('37', 'Andhra Pradesh'), ('38', 'Ladakh'), ('96', 'Other Countries'), ('97', 'Other Territory')], max_length=2, verbose_name='State')),
                ('public_id', accounts.models.ids.PublicIdField(default=accounts.models.ids.new_public_id, editable=False, max_length=12, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('gstin', models.CharField(blank=True, max_length=15, validators=[accounts.validators.validate_gstin], verbose_name='GSTIN')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('credit_days', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(365)], verbose_name='credit days')),
                ('credit_limit_paise', models.BigIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='credit limit')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note for yourself')),
                ('reference', models.CharField(blank=True, max_length=40, verbose_name='your own code')),
                ('language', models.CharField(choices=[('en', 'English'), ('hi', 'हिन्दी')], default='en', max_length=10, verbose_name='language for messages')),
                ('is_walk_in', models.BooleanField(default=False, editable=False)),
                ('is_shared', models.BooleanField(default=True, verbose_name='ledger shared')),
                ('access_version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parties', to='accounts.business')),
            ],
            options={
                'verbose_name_plural': 'parties',
            },
        ),
        migrations.CreateModel(
            name='PartyPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='name')),
                ('phone', phonenumber_field.modelfields.PhoneNumberField(db_index=True, max_length=128, region=None, verbose_name='mobile number')),
                ('role', models.CharField(choices=[('owner', 'Owner: sees and does everything'), ('accountant', 'Accountant: sees everything, orders nothing'), ('orders', 'Orders only: no balance')], default='owner', max_length=10, verbose_name='may')),
                ('is_main', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('party', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='people', to='accounts.party')),
            ],
            options={
                'verbose_name_plural': 'party people',
            },
        ),
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(max_length=40)),
                ('subject_kind', models.CharField(max_length=20)),
                ('subject_id', models.CharField(max_length=40)),
                ('data', models.JSONField(default=dict)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='activities', to='accounts.business')),
            ],
            options={
                'verbose_name_plural': 'activities',
                'indexes': [models.Index(fields=['business', '-id'], name='activity_of_business'), models.Index(fields=['business', 'subject_kind', 'subject_id', '-id'], name='activity_about')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(max_length=30)),
                ('key', models.CharField(max_length=64)),
                ('fingerprint', models.CharField(max_length=64)),
                ('result', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'user', 'purpose', 'key'), name='a_form_acts_once')],
            },
        ),
        migrations.CreateModel(
            name='Image',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', accounts.models.ids.PublicIdField(default=accounts.models.ids.new_public_id, editable=False, max_length=12, unique=True)),
                ('data', models.BinaryField()),
                ('content_type', models.CharField(default='image/webp', max_length=20)),
                ('width', models.PositiveSmallIntegerField()),
                ('height', models.PositiveSmallIntegerField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='images', to='accounts.business')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'id'), name='image_in_business')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('staff', 'Staff')], default='staff', max_length=10)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.business')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'user'), name='one_membership_per_business_and_user')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('channel', models.CharField(choices=[('whatsapp', 'WhatsApp'), ('sms', 'SMS'), ('email', 'E-mail')], max_length=10)),
                ('to', models.CharField(max_length=254)),
                ('language', models.CharField(default='en', max_length=10)),
                ('subject_kind', models.CharField(max_length=20)),
                ('subject_id', models.CharField(max_length=40)),
                ('party_id', models.BigIntegerField(null=True)),
                ('params', models.JSONField(default=dict)),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('uncertain', 'Uncertain'), ('dropped', 'Not sent: no longer needed')], default='queued', max_length=10)),
                ('reference', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('leased_until', models.DateTimeField(null=True)),
                ('provider_id', models.CharField(blank=True, max_length=100)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('business', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='accounts.business')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status__in', ['queued', 'sending'])), fields=['due_at', 'id'], name='messages_to_send'), models.Index(fields=['business', '-id'], name='messages_of_business'), models.Index(fields=['business', 'subject_kind', 'subject_id'], name='messages_about')],
            },
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(fields=['business', 'name'], name='party_by_name'),
        ),
        migrations.AddConstraint(
            model_name='party',
            constraint=models.UniqueConstraint(fields=('business', 'id'), name='party_in_business'),
        ),
        migrations.AddConstraint(
            model_name='party',
            constraint=models.UniqueConstraint(condition=models.Q(('reference', ''), _negated=True), fields=('business', 'reference'), name='one_party_per_reference'),
        ),
        migrations.AddConstraint(
            model_name='party',
            constraint=models.UniqueConstraint(condition=models.Q(('is_walk_in', True)), fields=('business',), name='one_walk_in_party_per_business'),
        ),
        migrations.AddConstraint(
            model_name='party',
            constraint=models.CheckConstraint(condition=models.Q(('credit_limit_paise__isnull', True), ('credit_limit_paise__gte', 0), _connector='OR'), name='credit_limit_is_not_negative'),
        ),
        migrations.AddIndex(
            model_name='partyperson',
            index=models.Index(fields=['business', 'phone'], name='person_by_phone'),
        ),
        migrations.AddConstraint(
            model_name='partyperson',
            constraint=models.UniqueConstraint(fields=('business', 'party', 'phone'), name='a_number_once_per_party'),
        ),
        migrations.AddConstraint(
            model_name='partyperson',
            constraint=models.UniqueConstraint(condition=models.Q(('is_main', True)), fields=('party',), name='one_main_person_per_party'),
        ),
        migrations.AddConstraint(
            model_name='partyperson',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='person_of_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=accounts.walls.TenantKey(columns=('business_id', 'party_id'), name='message_about_party_of_same_business', target='accounts_party', target_columns=('business_id', 'id')),
        ),
    ]
