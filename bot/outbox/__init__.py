"""What the bot is to say, kept until it is said: typed rows under keys that exist only once."""
