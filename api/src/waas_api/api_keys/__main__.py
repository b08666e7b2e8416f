"""`python -m waas_api.api_keys new`: makes an API key, and shows it this once."""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

import yaml
from pydantic import ValidationError

from waas_api.access.callers import Permission
from waas_api.api_keys.entries import ApiKey, digest_of, new_api_key

_EX_USAGE = 64
_DEFAULT_SCOPES = (Permission.READ, Permission.CREATE, Permission.CHANGE, Permission.DELETE)


def _parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m waas_api.api_keys")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    new = commands.add_parser("new", help="make a key and the entry for the file of keys")
    new.add_argument("--tenant", required=True, metavar="NAMESPACE", help="whose jobs it is for")
    new.add_argument("--owner", required=True, help="whose jobs it makes and sees")
    new.add_argument(
        "--scope",
        action="append",
        choices=[each.value for each in Permission],
        help="what it may do; several times for several (default: all but manage)",
    )
    new.add_argument("--id", help="what logs call it (default: the beginning of its digest)")
    new.add_argument(
        "--expires", type=datetime.fromisoformat, metavar="TIME", help="like 2027-06-30T00:00:00Z"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the key to standard error and its entry to standard output; return the exit code.

    The entry can so be appended to the file of keys by `>>`, and the key is not.
    """
    options = _parse_arguments(arguments)
    key = new_api_key()
    digest = digest_of(key)
    try:
        entry = ApiKey(
            id=options.id or f"key-{digest.removeprefix('sha256:')[:12]}",
            hash=digest,
            namespace=options.tenant,
            owner=options.owner,
            permissions=frozenset(map(Permission, options.scope or _DEFAULT_SCOPES)),
            expires=options.expires,
        )
    except ValidationError as error:
        for each in error.errors(include_input=False):
            sys.stderr.write(f"{'.'.join(map(str, each['loc']))}: {each['msg']}\n")
        return _EX_USAGE
    content = entry.model_dump(mode="json", exclude_none=True)
    content["permissions"] = [each.value for each in Permission if each in entry.permissions]
    sys.stdout.write(yaml.safe_dump([content], sort_keys=False))
    sys.stdout.flush()
    sys.stderr.write(f"The key, which is shown this once: {key}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
