"""A stateful, strict Salesforce org: OAuth, REST, SOQL, Collections, describe and Metadata SOAP."""
