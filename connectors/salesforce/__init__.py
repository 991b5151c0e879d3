"""Salesforce, through the official simple-salesforce on our own transport."""
