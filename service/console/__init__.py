"""The console: pages for people, of the same service that answers the API."""
