\ir ../common/reader.down.sql
