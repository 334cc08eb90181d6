"""What is known of orders, collections, items and receipts, in a database."""
