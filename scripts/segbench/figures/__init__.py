"""The drawing kit: one palette, one style, one way to lay labels over images."""
