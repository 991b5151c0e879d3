"""HubSpot, through the official hubspot-api-client on our own transport."""
