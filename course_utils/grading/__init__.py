"""The classroom: grade what a class handed in, each notebook in a box of its own."""
