"""A small application that shows every rule of a call."""
