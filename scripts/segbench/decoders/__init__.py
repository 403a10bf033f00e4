"""Decoders of image files: one for each format, behind one interface (`registry`)."""
