"""One file a source: brings evidence as it was received, and reads facts out of it."""
