"""`orderproof demo`: one order end to end on the embedded default, then what tampering does."""
