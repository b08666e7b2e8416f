"""Logins by API key: `python -m waas_api.api_keys new` makes one."""
