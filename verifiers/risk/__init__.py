"""Early warning: words in buyers' messages after which a claim is likely."""
