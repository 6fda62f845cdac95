"""The scripts that lrviz is measured against; each runs as a separate process."""
