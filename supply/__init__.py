"""Where what we build on comes from: locks, licences, known faults, and how images are made."""
