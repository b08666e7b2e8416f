"""`waas-prepare-store`: what the bucket needs before the service uses it."""
