"""What a charging session costs: its energy over time, cut where a price can change, each piece by its tariff."""
