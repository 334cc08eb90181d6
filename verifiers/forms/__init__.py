"""Is a bundle in the form that a platform takes?"""
