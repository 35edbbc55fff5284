"""Every call of the API that there is, as a function which makes it: a module for each kind of caller."""
