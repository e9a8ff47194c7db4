"""HubSpot's dialect over the seeded company."""
