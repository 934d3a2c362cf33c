"""What is valid in the files of users, and yet cannot be meant: said by `check`, a start and a reload."""
