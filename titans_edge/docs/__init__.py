"""Documents that travel with the program."""
