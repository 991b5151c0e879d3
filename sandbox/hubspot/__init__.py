"""A HubSpot portal on localhost, built from the vendor's documentation and recordings; see docs/sandbox/hubspot.md."""
