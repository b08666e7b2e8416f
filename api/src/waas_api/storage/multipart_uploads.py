"""S3's multipart uploads by signed requests. Every call blocks."""

from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from waas_api.errors import StorageUnavailable
from waas_api.storage.part_buffer import Part
from waas_api.storage.signed_requests import SignedRequests

_S3_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
_PARTS_LISTED = 1000
_SMALLEST_PIECE = 5 * 1024 * 1024


@dataclass
class MultipartUpload:
    """An object on its way, part by part."""

    key: str
    upload_id: str
    requests: SignedRequests
    etags: list[str] = field(default_factory=list)
    """Of the parts, from the first."""

    @classmethod
    def begin(cls, key: str, requests: SignedRequests) -> "MultipartUpload":
        """Begin one."""
        answer = requests.send("POST", f"/{key}", {"uploads": ""})
        upload_id = ElementTree.fromstring(answer.data).findtext(f"{_S3_NAMESPACE}UploadId", "")
        return cls(key, upload_id, requests)

    def look_up(self, part_bytes: int) -> None:
        """Find the parts of that size that follow each other from the first.

        Raises:
            ObjectNotFound: there is no such upload any more.
        """
        self.etags = []
        while True:
            answer = self.requests.send(
                "GET",
                f"/{self.key}",
                {
                    "uploadId": self.upload_id,
                    "max-parts": str(_PARTS_LISTED),
                    "part-number-marker": str(len(self.etags)),
                },
            )
            listing = ElementTree.fromstring(answer.data)
            parts = listing.findall(f"{_S3_NAMESPACE}Part")
            for part in parts:
                number = int(part.findtext(f"{_S3_NAMESPACE}PartNumber", "0"))
                size = int(part.findtext(f"{_S3_NAMESPACE}Size", "0"))
                etag = part.findtext(f"{_S3_NAMESPACE}ETag", "")
                if number == len(self.etags) and etag == self.etags[-1]:
                    # SeaweedFS lists a part twice that two processes sent at once.
                    continue
                if number != len(self.etags) + 1 or size != part_bytes:
                    # A last part, from a completion that broke.
                    return
                self.etags.append(etag)
            if not parts or listing.findtext(f"{_S3_NAMESPACE}IsTruncated") != "true":
                return

    def add(self, part: bytes | Part) -> None:
        """Store a part after those that there are."""
        self.etags.append(self.put(len(self.etags) + 1, part))

    def put(self, number: int, part: bytes | Part) -> str:
        """Store the part of that number, the first being 1, and return its ETag."""
        query = {"partNumber": str(number), "uploadId": self.upload_id}
        return self.requests.send("PUT", f"/{self.key}", query, part).headers["ETag"]

    def complete(self) -> None:
        """Make the parts an object."""
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
            for number, etag in enumerate(self.etags, start=1)
        )
        answer = self.requests.send(
            "POST",
            f"/{self.key}",
            {"uploadId": self.upload_id},
            f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode(),
        )
        # S3 may begin a good answer before it knows that it has failed.
        if ElementTree.fromstring(answer.data).tag.endswith("Error"):
            raise StorageUnavailable("object storage could not put an upload's parts together")

    def abort(self) -> None:
        """Remove the parts; an upload that has ended is fine."""
        query = {"uploadId": self.upload_id}
        self.requests.send("DELETE", f"/{self.key}", query, expected=(204, 404))


def list_unfinished(prefix: str, requests: SignedRequests) -> list[MultipartUpload]:
    """Return the uploads of keys below a prefix that are not complete."""
    # Not "encoding-type": our keys hold no character that XML cannot.
    answer = requests.send("GET", "", {"max-uploads": "1000", "prefix": prefix, "uploads": ""})
    return [
        MultipartUpload(
            upload.findtext(f"{_S3_NAMESPACE}Key", ""),
            upload.findtext(f"{_S3_NAMESPACE}UploadId", ""),
            requests,
        )
        for upload in ElementTree.fromstring(answer.data).iter(f"{_S3_NAMESPACE}Upload")
    ]


def cut_in_pieces(size: int, piece: int) -> list[tuple[int, int]]:
    """Return offset and length of pieces that S3 can put together: none but a whole is tiny."""
    pieces = [(offset, min(piece, size - offset)) for offset in range(0, size, piece)]
    if len(pieces) > 1 and pieces[-1][1] < _SMALLEST_PIECE:
        (offset, length), (_, rest) = pieces[-2:]
        pieces[-2:] = [(offset, length + rest)]
    return pieces
