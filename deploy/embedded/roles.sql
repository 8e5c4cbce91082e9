-- The three roles of every service's database; run once as a superuser of the server, safe to repeat.
-- The development passwords equal the names: on a server that others can reach, set other ones.
--   linli_owner    owns the databases and migrates them
--   linli_request  works for people and systems; row-level security binds it to one community
--   linli_system   relay, schedule, consumer chunks and batch flushes; may span communities
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['linli_owner', 'linli_request', 'linli_system'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L', wanted, wanted);
    END IF;
  END LOOP;
END
$$;

-- idle_in_transaction and transaction timeouts end the connection, so they lie above statement_timeout.
ALTER ROLE linli_request SET statement_timeout = '5s';
ALTER ROLE linli_request SET lock_timeout = '2s';
ALTER ROLE linli_request SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE linli_request SET transaction_timeout = '30s';

ALTER ROLE linli_system SET statement_timeout = '30s';
ALTER ROLE linli_system SET lock_timeout = '5s';
ALTER ROLE linli_system SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE linli_system SET transaction_timeout = '60s';
-- Its statements probe an index for each of many rows, and their plans are kept. One made while a table was
-- small would read the whole table for each row until the next ANALYZE: up to a minute, and tenfold the time.
ALTER ROLE linli_system SET enable_seqscan = off;
-- Its policies say `true`, but PostgreSQL refuses COPY to whomever any binds, and reports are stored by COPY.
DO $$
BEGIN
  ALTER ROLE linli_system BYPASSRLS;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'only a superuser can let linli_system bypass policies: reports will be stored one by one';
END
$$;

ALTER ROLE linli_owner SET statement_timeout = '10min';
ALTER ROLE linli_owner SET lock_timeout = '10s';
ALTER ROLE linli_owner SET idle_in_transaction_session_timeout = '1min';
