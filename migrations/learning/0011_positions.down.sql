DROP TABLE IF EXISTS shops, positions;
