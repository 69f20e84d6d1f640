"""SQLAlchemy on SQLite or PostgreSQL: tables, migrations, the unit of work."""
