"""A first look at a folder of images: what is in it, usual mistakes, a dataset's config."""
