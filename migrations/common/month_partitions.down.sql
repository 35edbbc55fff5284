DROP FUNCTION IF EXISTS create_month_partition(TEXT, DATE);
