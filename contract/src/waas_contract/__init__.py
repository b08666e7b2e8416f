"""What the api, the operator and the job agree on."""
