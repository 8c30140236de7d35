"""Sentences of our own for training and evaluation: words, worlds, attacks, small talk. Knows no models."""
