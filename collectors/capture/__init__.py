"""Pages as a person sees them: a browser, its guarded way out, and what it loaded."""
