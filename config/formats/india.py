"""How every language of ours writes dates and numbers: 22 November 2026 with its own month, 1,23,456.00 in our digits.

Western digits in all of them: an amount must be the same to the eye in every message, paper and bank app. The names of
the months stand in our catalogues: Django has none in Gujarati, and its Hindi misspells some and cuts March to "मा".
"""

from django.utils.translation import gettext_noop as _

DATE_FORMAT = "j M Y"
SHORT_DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
SHORT_DATETIME_FORMAT = "j M, H:i"
TIME_FORMAT = "H:i"
MONTH_DAY_FORMAT = "j M"
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = (3, 2, 0)
FIRST_DAY_OF_WEEK = 1
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y", "%d.%m.%Y"]

MONTHS = (
    (_("jan"), _("January")),
    (_("feb"), _("February")),
    (_("mar"), _("March")),
    (_("apr"), _("April")),
    (_("may"), _("May")),
    (_("jun"), _("June")),
    (_("jul"), _("July")),
    (_("aug"), _("August")),
    (_("sep"), _("September")),
    (_("oct"), _("October")),
    (_("nov"), _("November")),
    (_("dec"), _("December")),
)
