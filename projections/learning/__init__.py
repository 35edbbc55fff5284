"""What learning shows: conversations, feedback, the queue of items, the knowledge base, and who did what."""
