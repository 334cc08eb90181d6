"""Where bytes, receipts, log and keys lie: written once, then only read."""
