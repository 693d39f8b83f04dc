"""How requests of Slack arrive: signed HTTP and Socket Mode."""
