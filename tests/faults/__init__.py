"""The fault run: invoices and their messages while everything around them is killed. `python -m tests.faults --help`."""
