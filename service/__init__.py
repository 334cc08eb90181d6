"""The faces: HTTP API, worker and command line; hands every part what it needs."""
