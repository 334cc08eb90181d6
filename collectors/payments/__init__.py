"""What shops, ERPs and warehouses recorded of an order."""
