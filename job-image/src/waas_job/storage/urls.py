"""The files of presigned URLs, read anew each time because the operator renews them."""

from pathlib import Path

from pydantic import ValidationError

from waas_contract.job_environment import ItemUrls, urls_file_name
from waas_job.errors import BadConfiguration


class UrlFolder:
    """The mounted Secret."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> ItemUrls:
        """Return the URLs of an item as they are now.

        Raises:
            BadConfiguration: there is no such file, or it does not hold what it should.
        """
        path = self._directory / urls_file_name(name)
        try:
            return ItemUrls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise BadConfiguration(
                f"The file with the storage URLs, {path}, cannot be read: {error.strerror}."
            ) from None
        except ValidationError as error:
            # Only where it is wrong: the values are URLs.
            places = {
                ".".join(map(str, each["loc"])) or "the whole file" for each in error.errors()
            }
            raise BadConfiguration(
                f"The file with the storage URLs, {path}, is not what the operator writes; "
                f"wrong in: {', '.join(sorted(places))}."
            ) from None
