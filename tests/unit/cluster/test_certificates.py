from __future__ import annotations

import json
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from cluster.certificates import Authority, KeyPair
from cluster.kubeconfig import kubeconfig


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create()


def read(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate)


def test_a_client_certificate_names_the_user_and_the_groups(authority: Authority) -> None:
    subject = read(authority.client("ann", ["readers", "writers"])).subject
    assert [each.value for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["ann"]
    groups = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert [each.value for each in groups] == ["readers", "writers"]


def test_a_serving_certificate_names_the_addresses(authority: Authority) -> None:
    certificate = read(authority.server(["127.0.0.1", "10.96.0.1"]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [
        IPv4Address("127.0.0.1"),
        IPv4Address("10.96.0.1"),
    ]
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)


def test_an_authority_read_from_its_files_signs_as_the_same(
    authority: Authority, tmp_path: Path
) -> None:
    files = authority.files()
    (tmp_path / "ca.crt").write_bytes(files.certificate)
    (tmp_path / "ca.key").write_bytes(files.key)
    again = Authority.load(tmp_path / "ca.crt", tmp_path / "ca.key")
    read(again.client("ann")).verify_directly_issued_by(read(files))


def test_a_kubeconfig_needs_no_other_file() -> None:
    identity = KeyPair(certificate=b"certificate", key=b"key")
    assert json.loads(kubeconfig("https://127.0.0.1:3", b"authority", "ann", identity)) == {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "waas-test",
                "cluster": {
                    "server": "https://127.0.0.1:3",
                    "certificate-authority-data": "YXV0aG9yaXR5",
                },
            }
        ],
        "users": [
            {
                "name": "ann",
                "user": {
                    "client-certificate-data": "Y2VydGlmaWNhdGU=",
                    "client-key-data": "a2V5",
                },
            }
        ],
        "contexts": [
            {
                "name": "waas-test",
                "context": {"cluster": "waas-test", "user": "ann", "namespace": "default"},
            }
        ],
        "current-context": "waas-test",
    }
