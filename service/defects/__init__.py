"""What platforms hold against orders: read from exports, timed, counted, covered by evidence."""
