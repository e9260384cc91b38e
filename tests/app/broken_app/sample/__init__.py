"""A small shop whose parts are wired, rightly and wrongly, by the files in `broken/`."""
