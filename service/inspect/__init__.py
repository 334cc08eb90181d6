"""Files read and judged on their own."""
