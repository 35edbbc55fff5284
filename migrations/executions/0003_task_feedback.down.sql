DROP TABLE IF EXISTS task_feedback;
