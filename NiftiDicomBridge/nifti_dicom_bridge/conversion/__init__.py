"""From format to format: jobs, entries of the report, single images."""
