"""Review: suggestions and their states, who may decide, and what a decision changes."""
