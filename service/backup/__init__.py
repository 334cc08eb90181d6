"""Evidence elsewhere: a backup and its return, and the way from one shape to the other."""
