"""Generators of small datasets in the publishers' own formats. Made up, and labelled so."""
