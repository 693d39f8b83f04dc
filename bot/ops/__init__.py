"""Operation: health, metrics, scheduled jobs, the database, and the checks of `papers doctor`."""
