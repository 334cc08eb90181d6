"""What buyer, seller and platform wrote to each other."""
