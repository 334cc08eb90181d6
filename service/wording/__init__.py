"""How people are told what was found, in which words and so that all of it is seen."""
