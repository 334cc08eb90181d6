"""The sources an operator configured, their pace, and where their files lie."""
