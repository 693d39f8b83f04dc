"""Daily limits of what one person writes."""
