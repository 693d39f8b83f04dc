"""The database: engine, transactions, migrations. Each room brings its own tables."""
