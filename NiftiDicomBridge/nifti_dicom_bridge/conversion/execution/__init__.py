"""Where the tasks of a conversion run: this process, several, or a cluster."""
