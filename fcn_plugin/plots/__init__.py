"""Pictures of what runs have written."""
