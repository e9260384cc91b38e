"""The advisor: which architecture suits an application, from what was measured of it.

It reads evidence, history and load reports, and runs the application for comparisons; it never
changes it. What it says carries a figure, its interval, and how to see it again.
"""
