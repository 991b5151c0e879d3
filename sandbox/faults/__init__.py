"""What goes wrong between a client and a CRM, switched on by a plan and the same for the same seed."""
