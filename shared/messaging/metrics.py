"""The numbers that tell how messages flow."""

from prometheus_client import Counter, Gauge

WAITING = Gauge("linli_outbox_waiting", "Outbox rows not yet published, counted up to 100,000")
OLDEST = Gauge("linli_outbox_oldest_seconds", "Age of the oldest outbox row not yet published")
PUBLISHED = Counter("linli_events_published_total", "Records acknowledged by the broker", ["topic"])
NOT_PUBLISHING = Gauge("linli_relay_not_publishing", "1 while the relay has rows but cannot get them out")
RELAY_LEADS = Gauge("linli_relay_leads", "1 while this process holds its database's relay lock")
RELAY_FAILURES = Counter("linli_relay_failures_total", "Failures the relay got over", ["error"])
CONSUMED = Counter("linli_events_consumed_total", "Records taken from Kafka by outcome", ["type", "outcome"])
DEAD_LETTERS = Counter("linli_dead_letters_total", "Records that cannot be taken in", ["reason"])
STALLED = Gauge("linli_consumer_stalled_partitions", "Partitions held back by a transient error")
CONSUMER_FAILURES = Counter("linli_consumer_failures_total", "Failures the consumer got over", ["error"])
