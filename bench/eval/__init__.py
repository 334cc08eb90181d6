"""Evidence files made up with their truth, and a score of `orderproof inspect` over them.

Held apart from what it measures: nothing of `verifiers/` is imported here, and fonts, words,
layouts and number rules are this folder's own.
"""
