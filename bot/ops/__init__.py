"""Operating the bot: health, metrics, scheduled jobs, and the checks of `papers doctor`."""
