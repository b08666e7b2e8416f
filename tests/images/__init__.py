"""The container images, built where they are used: by buildah, docker or podman, in that order.

`python -m images build|list` is for people, `images.building` for the test node and the tests that
need images. An image's tag is a hash of all that goes into it, so that nothing is built twice. From
the bottom up:

    catalogue     which images there are, and what goes into each
    hashing       the tag of an image, from its content
    dockerfiles   what a Dockerfile says of stages, copies and users
    builders      the command lines of buildah, docker and podman
    lending       what this machine lends to builds: its way to registries, its caches
    running       runs a command and keeps what it printed
    detecting     which of the builders is here
    disk          is there room?
    bases         the public base images, or local ones of the same names
    sizes         how large the images and their top layers are
    store         a builder and its images: builds, tags, removes what a build replaces
    building      builds what is missing, for those who run images
    archives      looks into an image, for tests
"""
