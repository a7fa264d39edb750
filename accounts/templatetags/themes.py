"""`{% theme business %}` in the head of a page of this business; `{{ business.logo_id|version }}` for its logo's address."""

from django import template
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import colours, themes
from accounts.colours import readable
from accounts.models import Business

register = template.Library()


@register.simple_tag
def theme(business: Business | None) -> SafeString:
    """The business's colour for the browser's bar and its style sheet; the usual red and no sheet without one."""
    if not business or not business.colour:
        return format_html('<meta name="theme-color" content="{}">', colours.USUAL)
    return format_html(
        '<meta name="theme-color" content="{}">\n<link rel="stylesheet" href="{}">',
        readable(business.colour),
        themes.address(business),
    )


@register.simple_tag
def theme_for_print(business: Business) -> SafeString:
    """The same for the merchant's own pages: their colour on what they print, not on the desk."""
    if not business.colour:
        return SafeString("")
    return format_html('<link rel="stylesheet" href="{}" media="print">', themes.address(business))


@register.filter
def version(image_id: int | None) -> str:
    """Another text for another picture, so that browsers may keep it; tells nothing of the id."""
    return salted_hmac("picture", str(image_id), algorithm="sha256").hexdigest()[:8] if image_id else ""
