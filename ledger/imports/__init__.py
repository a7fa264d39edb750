"""Books of other systems brought in: reading a register (`register`) and posting it (`sales`)."""
