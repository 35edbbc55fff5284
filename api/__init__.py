"""HTTP for services, reviewers and applications: appends to input topics and reads tables."""
