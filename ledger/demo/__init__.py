"""A wholesaler who does not exist, with a year of business: what `manage.py seed_demo` puts into the book.

`contents` says who and what, `pictures` draws the goods, `year` lets twelve months happen through the product's own
doors (drafting, posting, orders), so that the demo is as honest as real use. Names, GSTINs and numbers are invented.
"""
