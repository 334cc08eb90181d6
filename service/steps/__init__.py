"""The way of one order, a file a step; `walk` goes it from `queued` to `sealed`."""
