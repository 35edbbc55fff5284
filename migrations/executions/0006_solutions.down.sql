DROP TABLE IF EXISTS quality_policies;
DROP TABLE IF EXISTS solutions_derived;
DROP TABLE IF EXISTS solutions;
