"""The history of all series on disk, and how it is read together with what is in memory."""
