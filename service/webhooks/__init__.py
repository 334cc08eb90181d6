"""Inbound webhooks: whose notice it is, what it says, and what it starts."""
