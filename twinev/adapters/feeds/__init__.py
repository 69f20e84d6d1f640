"""Files of other people: ACN-Data sessions, price files."""
