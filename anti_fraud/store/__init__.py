"""The SQL of anti_fraud, a module a topic; nothing here commits or decides."""
