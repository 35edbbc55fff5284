-- Creates the partition of p_table that holds p_month (UTC), named like conversation_feedback_2026_11; does
-- nothing where it exists. p_table is looked up on the caller's search_path (or may be qualified) and the
-- partition is made in that table's own schema, so a renamed schema needs no new function.
--
-- Call it before the transaction writes any row: the foreign key of a new partition locks conversation_memory
-- against writers, and two transactions that had both written would wait for each other.
CREATE FUNCTION create_month_partition(p_table TEXT, p_month DATE) RETURNS VOID
LANGUAGE plpgsql AS $$
DECLARE
    first_day CONSTANT TIMESTAMP := date_trunc('month', p_month::TIMESTAMP);
    parent    TEXT;
    partition TEXT;
BEGIN
    SELECT format('%I.%I', n.nspname, c.relname),
           format('%I.%I', n.nspname, c.relname || to_char(first_day, '_YYYY_MM'))
      INTO STRICT parent, partition
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = p_table::REGCLASS;
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;
    END IF;
    -- One creator at a time, whichever tables it needs and in whatever order. The lock on the table (which
    -- attaching takes anyway) is what makes whoever waited see the partition that is there by now.
    PERFORM pg_advisory_xact_lock(hashtextextended('relearn.month_partitions', 0));
    EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Attaching lets readers and writers of the other months go on; CREATE ... PARTITION OF would stop them.
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', partition, parent);
    EXECUTE format(
        'ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
        parent, partition,
        to_char(first_day, 'YYYY-MM-DD 00:00:00+00'),
        to_char(first_day + INTERVAL '1 month', 'YYYY-MM-DD 00:00:00+00')
    );
END
$$;
