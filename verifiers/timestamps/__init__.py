"""Can all stated times be true together?"""
