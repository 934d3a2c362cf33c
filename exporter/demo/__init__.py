"""The demo runs an embedded server and its workload with problems, and prints messages on the terminal."""
