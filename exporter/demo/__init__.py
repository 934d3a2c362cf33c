"""What `redis-vigil demo` shows: an embedded server, its workload with troubles, messages on the terminal."""
