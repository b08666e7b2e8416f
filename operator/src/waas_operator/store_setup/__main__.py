"""`waas-prepare-store`: makes the bucket, its rule and, of a bundled MinIO, the storage user.

Doing it again does no harm. Exit codes are those of BSD's sysexits.h:

    0   done
    75  the store does not answer: try again
    77  the store says no
    78  a setting is missing or wrong
"""

import logging
import sys
import time

from pydantic import ValidationError

from waas_operator.store_setup.errors import SetupRefused, StoreUnreachable
from waas_operator.store_setup.rights import build_policy
from waas_operator.store_setup.settings import Settings
from waas_operator.store_setup.store import Store

logger = logging.getLogger("waas.store_setup")


def main() -> int:
    """Prepare the store that the environment names; return the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    try:
        settings = Settings()
    except ValidationError as error:
        # Not the values, among which are passwords.
        for each in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in each["loc"]).upper()
            logger.error("WAAS_%s: %s", name, each["msg"])
        return 78
    try:
        prepare(Store(settings), settings)
    except StoreUnreachable as error:
        logger.error("%s", error)
        return 75
    except SetupRefused as error:
        logger.error("%s", error)
        return 77
    return 0


def prepare(store: Store, settings: Settings) -> None:
    """Do what is missing, and say what was done; raises SetupFailed."""
    bucket = settings.s3_bucket
    until = time.monotonic() + settings.store_patience_seconds
    is_new = store.make_bucket(bucket, until=until)
    logger.info("the bucket %s %s", bucket, "was made" if is_new else "is there")
    if settings.is_minio:
        store.make_user(
            settings.s3_access_key,
            settings.s3_secret_key.get_secret_value(),
            build_policy(bucket, settings.source_buckets),
        )
        logger.info("the user %s may use it, and nothing else", settings.s3_access_key)
    elif store.drop_unfinished_uploads(bucket, settings.drop_unfinished_uploads_after_days):
        days = settings.drop_unfinished_uploads_after_days
        logger.info("the parts of unfinished uploads go after %d days", days)
    else:
        logger.warning("the store knows no rule that drops unfinished uploads: see to it otherwise")


if __name__ == "__main__":
    sys.exit(main())
