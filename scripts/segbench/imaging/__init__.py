"""Preprocessing of images and labels, and its inverse for predicted maps."""
