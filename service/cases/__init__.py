"""What a person pursues with a platform: recorded step by step, never submitted by us."""
