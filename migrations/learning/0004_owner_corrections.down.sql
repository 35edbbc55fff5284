DROP TABLE IF EXISTS owner_corrections;
