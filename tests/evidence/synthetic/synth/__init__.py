"""An application whose every figure is known: by what is asked of it, or by its own clocks."""
