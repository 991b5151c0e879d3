"""Both CRMs on localhost: stateful, strict, with a clock of their own. Shares no code with `connectors/`."""
