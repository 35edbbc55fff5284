\ir ../common/positions.up.sql
