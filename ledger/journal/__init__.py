"""The whole book of a business as a double-entry journal for hledger (1.25 and later) or beancount (3).

Every entry of a party's ledger becomes one balanced transaction, in the order of (date, id); what was settled later
shows as it stands now:
- Assets:Receivable:<party> comes to the party's open bills; Liabilities:Advances:<party> to the part of its payments,
  credit notes and other credits that settles no bill. Together they are the party's balance.
- Income:Sales:GST-<rate> by rate (exports, SEZ and reverse charge below it), Liabilities:GST:<tax> as charged,
  Income:ChargesWithoutTax, Income:RoundOff (of either sign).
- Assets:Cash, UPI, Bank, Cheque, Card and TDS; Expenses:WriteOffs and Adjustments; Equity:Opening.
A cancelled document stands with its reversal on the day that the ledger has it. At the end stands what the accounts
of every party must come to, so that the tool itself proves the journal. Amounts are INR with exactly two decimals.
"""

from ledger.journal.happenings import ADVANCES, RECEIVABLE, Happening, Posting, happenings
from ledger.journal.writing import FORMATS, journal

__all__ = ["ADVANCES", "FORMATS", "RECEIVABLE", "Happening", "Posting", "happenings", "journal"]
