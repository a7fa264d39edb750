"""Numbers of papers in a sentence."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
# INV/26-27/00012 and the like: a slash in it, at most as long as GST allows.
NUMBER = re.compile(r"(?<![\w/-])(?=[\w-]{1,15}/)[A-Za-z0-9]+(?:[/-][A-Za-z0-9]+)+", re.ASCII)


@register.filter
def unbroken(text: str) -> SafeString:
    """The sentence, escaped, with each number of a paper on one line: browsers break them at their hyphens."""
    return mark_safe(NUMBER.sub(r'<span class="nowrap">\g<0></span>', escape(text)))  # noqa: S308  escaped before
