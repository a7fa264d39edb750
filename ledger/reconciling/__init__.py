"""“Upload my ledger”: the customer's own book of this shop, beside the shop's.

`reading` takes a file in as rows of text, `columns` guesses what stands where and makes entries of it, `matching`
compares them with the book's, `book` reads those, `kept` keeps what came out. Signs are the shop's throughout: positive,
the party owes.
"""
