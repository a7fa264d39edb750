"""Money in templates: `{{ paise|rupees }}`. For one value on a page; lists are formatted once in Python."""

from django import template

from accounts import money

register = template.Library()
register.filter("rupees", money.rupees)
register.filter("amount", money.amount)
register.filter("quantity", money.quantity)
register.filter("unit_price", money.unit_price)
register.filter("percent", money.percent)
