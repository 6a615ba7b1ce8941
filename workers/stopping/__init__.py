"""How a worker stops: in order from its event loop, and in time whatever holds it up."""
