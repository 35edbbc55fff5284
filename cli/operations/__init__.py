"""What an operator looks at and is woken by, made from the numbers that the parts tell."""
