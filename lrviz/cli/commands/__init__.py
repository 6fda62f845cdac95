"""The commands, one per file; `lrviz.cli.app` has their list."""
