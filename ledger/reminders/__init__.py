"""Reminders of what is due: rules, who is left in peace and why, planning in pages, texts at delivery.

`rules` the shop's settings, `silence` the one rule about who gets none, `hours` when they may go out, `planning` turns
rules into queued messages, `texts` makes them at delivery and asks everything again, under the party's lock.
"""
