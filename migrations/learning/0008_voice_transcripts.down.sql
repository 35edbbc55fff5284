DROP TABLE IF EXISTS voice_transcripts;
