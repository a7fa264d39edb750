"""Hindi. Django's own Hindi misspells months and cuts March to "मा": the names a date shows stand in our catalogue."""

from django.utils.translation import gettext_noop as _

MONTHS = (
    _("jan"),
    _("feb"),
    _("mar"),
    _("apr"),
    _("may"),
    _("jun"),
    _("jul"),
    _("aug"),
    _("sep"),
    _("oct"),
    _("nov"),
    _("dec"),
)
