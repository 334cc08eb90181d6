"""The nouns of orderproof: pure values and formats, no I/O, no clock, no dice."""
