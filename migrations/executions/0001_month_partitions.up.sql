\ir ../common/month_partitions.up.sql
