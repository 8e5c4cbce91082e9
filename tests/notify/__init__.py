"""The notify service, on the real PostgreSQL and Kafka, judged by the phones' ledger."""
