"""HTTP: the application, the contract that it is held to, and how it says no."""
