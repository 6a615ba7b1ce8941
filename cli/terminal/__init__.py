"""Screen, options, exit status and interrupts."""
