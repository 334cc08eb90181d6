"""Do all items speak of the same order?"""
