\ir ../common/month_partitions.down.sql
