"""Config files of training frameworks, written after public ones, and the runs that they describe."""
