"""A shop whose gateway and module say which trace they work for."""
