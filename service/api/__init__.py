"""The HTTP resources, one file each; openapi.yaml at the root says what they promise."""
