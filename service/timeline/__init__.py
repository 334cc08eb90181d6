"""What happened when: an order's events, and a picture of them."""
