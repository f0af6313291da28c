"""A project from concept to closure: what it is, where it stands, what it will cost."""
