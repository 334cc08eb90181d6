"""Papers of ours: fonts, and typst in a process with limits. Reports and profiles both use it."""
