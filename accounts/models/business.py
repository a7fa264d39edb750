"""The merchant's side: business, its team, its parties and their people."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models.ids import PublicIdField
from accounts.states import STATE_CHOICES
from accounts.validators import (
    validate_account_number,
    validate_colour,
    validate_gstin,
    validate_ifsc,
    validate_pin,
    validate_upi_id,
)
from accounts.walls import TenantKey, tenant_key

RESERVED_SLUGS = {"login", "signup", "logout", "new", "admin", "static", "m", "portal"}


class Postal(models.Model):
    """An address as it is printed."""

    address = models.CharField(_("address"), max_length=300, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    pin_code = models.CharField(_("PIN code"), max_length=6, blank=True, validators=[validate_pin])
    state_code = models.CharField(_("State"), max_length=2, blank=True, choices=STATE_CHOICES)

    class Meta:
        abstract = True


class BusinessQuerySet(models.QuerySet["Business"]):
    def of_user(self, user: Any) -> Self:
        """The businesses whose books this user may keep."""
        return self.filter(memberships__user=user, memberships__is_active=True)


class Business(Postal):
    """The merchant's book. Every tenant row carries its id."""

    class Scheme(models.TextChoices):
        REGULAR = "regular", _("GST registered, regular")
        COMPOSITION = "composition", _("GST registered, composition")
        UNREGISTERED = "unregistered", _("Not registered under GST")

    class PaperStyle(models.TextChoices):
        CLASSIC = "classic", _("Classic: ruled, as GST bills are known")
        MODERN = "modern", _("Modern: open, with your colour at the head")
        COMPACT = "compact", _("Compact: small print, many lines on a page")

    public_id = PublicIdField()
    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(_("business name"), max_length=120)
    scheme = models.CharField(_("GST"), max_length=12, choices=Scheme, default=Scheme.UNREGISTERED)
    gstin = models.CharField(_("GSTIN"), max_length=15, blank=True, validators=[validate_gstin])
    phone = PhoneNumberField(_("phone shown to customers"), blank=True)
    email = models.EmailField(_("e-mail shown to customers"), blank=True)
    upi_id = models.CharField(_("UPI id"), max_length=100, blank=True, validators=[validate_upi_id])
    bank_name = models.CharField(_("bank"), max_length=80, blank=True)
    bank_account = models.CharField(
        _("account number"), max_length=34, blank=True, validators=[validate_account_number]
    )
    bank_ifsc = models.CharField(_("IFSC"), max_length=11, blank=True, validators=[validate_ifsc])
    terms = models.TextField(_("terms printed on invoices"), max_length=1000, blank=True)
    default_credit_days = models.PositiveSmallIntegerField(
        _("credit days"), default=15, validators=[MaxValueValidator(365)]
    )
    hsn_digits = models.PositiveSmallIntegerField(
        _("yearly turnover"),
        default=4,
        choices=[(4, _("Up to ₹5 crore: HSN of 4 digits")), (6, _("Above ₹5 crore: HSN of 6 digits"))],
    )
    lut_number = models.CharField(_("letter of undertaking for exports (ARN)"), max_length=30, blank=True)
    logo = models.ForeignKey("accounts.Image", models.SET_NULL, null=True, blank=True, related_name="+")
    signature = models.ForeignKey("accounts.Image", models.SET_NULL, null=True, blank=True, related_name="+")
    colour = models.CharField(_("colour"), max_length=7, blank=True, validators=[validate_colour])
    paper_style = models.CharField(_("style of the PDF"), max_length=8, choices=PaperStyle, default=PaperStyle.CLASSIC)
    promise_days = models.PositiveSmallIntegerField(
        _("days a customer may promise ahead"), default=30, validators=[MaxValueValidator(180)]
    )
    books_closed_on = models.DateField(_("books closed up to"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[BusinessQuerySet] = BusinessQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "businesses"
        constraints = [
            models.CheckConstraint(
                name="registered_business_has_gstin",
                condition=Q(scheme="unregistered", gstin="") | (~Q(scheme="unregistered") & ~Q(gstin="")),
                violation_error_message=_("A registered business needs its GSTIN, an unregistered one has none."),
            ),
            *(
                TenantKey(
                    name=f"{name}_of_same_business",
                    columns=["id", f"{name}_id"],
                    target="accounts_image",
                    target_columns=["business_id", "id"],
                )
                for name in ("logo", "signature")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def charges_tax(self) -> bool:
        """Only a regular registration may collect GST (composition and unregistered: Bill of Supply)."""
        return self.scheme == self.Scheme.REGULAR


class Membership(models.Model):
    """A user who keeps this business's book."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        STAFF = "staff", _("Staff")

    business = models.ForeignKey(Business, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.STAFF)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # The newest notice this member has seen (accounts.notices), and how notices are also sent; "": in the app only.
    seen_notice_id = models.BigIntegerField(default=0, editable=False)
    notify_by = models.CharField(
        _("also tell me by"),
        max_length=10,
        blank=True,
        choices=[("whatsapp", _("WhatsApp")), ("sms", _("SMS")), ("email", _("E-mail"))],
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_membership_per_business_and_user", fields=["business", "user"]),
        ]


class PartyQuerySet(models.QuerySet["Party"]):
    def with_contact(self) -> Self:
        """Adds `phone` and `person_name` of the main person (None when no number is saved)."""
        return self.alias(main=FilteredRelation("people", condition=Q(people__is_main=True))).annotate(
            phone=F("main__phone"), person_name=F("main__name")
        )

    def search(self, text: str) -> Self:
        """Name, city, GSTIN or a part of a saved number; the scope must have been applied before."""
        digits = "".join(ch for ch in text if ch.isdigit())
        match = Q(name__icontains=text) | Q(city__icontains=text) | Q(gstin__istartswith=text)
        if len(digits) >= 4:
            match |= Q(pk__in=PartyPerson.objects.filter(phone__contains=digits).values("party_id"))
        return self.filter(match)


class Party(Postal):
    """A customer or supplier of one business."""

    public_id = PublicIdField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="parties")
    name = models.CharField(_("name"), max_length=120)
    gstin = models.CharField(_("GSTIN"), max_length=15, blank=True, validators=[validate_gstin])
    is_sez = models.BooleanField(_("unit or developer in a Special Economic Zone"), default=False)
    email = models.EmailField(_("e-mail"), blank=True)
    credit_days = models.PositiveSmallIntegerField(
        _("credit days"), null=True, blank=True, validators=[MaxValueValidator(365)]
    )
    credit_limit_paise = models.BigIntegerField(
        _("credit limit"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    note = models.CharField(_("note for yourself"), max_length=300, blank=True)
    reference = models.CharField(_("your own code"), max_length=40, blank=True)
    language = models.CharField(_("language for messages"), max_length=10, choices=settings.LANGUAGES, default="en")
    is_walk_in = models.BooleanField(default=False, editable=False)
    is_shared = models.BooleanField(_("ledger shared"), default=True)
    access_version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PartyQuerySet] = PartyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "parties"
        indexes = [models.Index(fields=["business", "name"], name="party_by_name")]
        constraints = [
            models.UniqueConstraint(name="party_in_business", fields=["business", "id"]),
            models.UniqueConstraint(
                name="one_party_per_reference", fields=["business", "reference"], condition=~Q(reference="")
            ),
            models.UniqueConstraint(
                name="one_walk_in_party_per_business", fields=["business"], condition=Q(is_walk_in=True)
            ),
            models.CheckConstraint(
                name="a_party_in_a_sez_has_a_gstin",
                condition=Q(is_sez=False) | ~Q(gstin=""),
                violation_error_message=_("A buyer in a Special Economic Zone has a GSTIN."),
            ),
            models.CheckConstraint(
                name="credit_limit_is_not_negative",
                condition=Q(credit_limit_paise__isnull=True) | Q(credit_limit_paise__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def days_of_credit(self) -> int:
        return self.business.default_credit_days if self.credit_days is None else self.credit_days


class PartyPerson(models.Model):
    """A mobile number saved under a party: the only numbers that can log in to its portal."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner: sees and does everything")
        ACCOUNTANT = "accountant", _("Accountant: sees everything, orders nothing")
        ORDERS = "orders", _("Orders only: no balance")

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    party = models.ForeignKey(Party, models.CASCADE, related_name="people", db_constraint=False)
    name = models.CharField(_("name"), max_length=100, blank=True)
    phone = PhoneNumberField(_("mobile number"), db_index=True)
    role = models.CharField(_("may"), max_length=10, choices=Role, default=Role.OWNER)
    is_main = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "party people"
        indexes = [models.Index(fields=["business", "phone"], name="person_by_phone")]
        constraints = [
            tenant_key("person_of_party_of_same_business", "party_id", "accounts_party"),
            models.UniqueConstraint(name="a_number_once_per_party", fields=["business", "party", "phone"]),
            models.UniqueConstraint(name="one_main_person_per_party", fields=["party"], condition=Q(is_main=True)),
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)
