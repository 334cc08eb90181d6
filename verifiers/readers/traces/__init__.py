"""Traces of editing in a file's own bytes: pure readers, bytes to facts named `trace.*`.

A trace says what was found and where, never what it means: `verifiers/authenticity/` judges. The
confidence of a trace is its strength, on a scale that is the same for all of them: how sure the
reader is that what it names is there.
"""
