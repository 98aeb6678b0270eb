"""What the code of an experiment is: the syntax trees it reaches, and the packages under them."""
