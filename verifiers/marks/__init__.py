"""What an item bears: whose mark, which date stamp, and what kind of copy it is."""
