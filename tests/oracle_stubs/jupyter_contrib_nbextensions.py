"""Guild AI 0.9.0 wants this package to be there before it executes a notebook; what it holds is not used."""
