"""Form and model validators for one value; the rules themselves stand in the subject modules."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts import gstin

validate_upi_id = RegexValidator(
    r"\A[A-Za-z0-9.\-_]{2,100}@([A-Za-z][A-Za-z0-9]{1,63}|[A-Za-z]{4}0[A-Za-z0-9]{6}\.ifsc\.npci)\Z",
    _("A UPI id looks like ramkirana@okaxis."),
)
validate_ifsc = RegexValidator(r"\A[A-Z]{4}0[A-Z0-9]{6}\Z", _("An IFSC has 11 characters and looks like HDFC0001234."))
validate_pin = RegexValidator(r"\A[1-9][0-9]{5}\Z", _("A PIN code has six digits."))
validate_account_number = RegexValidator(r"\A[0-9A-Z]{4,34}\Z", _("Only digits and capital letters."))
validate_hsn = RegexValidator(
    r"\A([0-9]{4}|[0-9]{6}|[0-9]{8})\Z", _("An HSN code has 4, 6 or 8 digits, a SAC 6 digits beginning with 99.")
)
validate_colour = RegexValidator(r"\A#[0-9a-f]{6}\Z", _("A colour looks like #9f1d2d."))


def validate_gstin(value: str) -> None:
    """Refuse a GSTIN whose pattern or check digit is wrong."""
    try:
        gstin.validate(value)
    except ValueError as error:
        raise ValidationError(str(error), code="gstin") from error
