"""What a policy says besides what it asks for: until when, in which form, in which words."""
