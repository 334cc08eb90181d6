"""One file a question: pure functions of items, facts and a policy."""
