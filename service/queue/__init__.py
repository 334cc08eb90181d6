"""Who is walked next and by whom: the line in Valkey, the workers, the operator at both."""
