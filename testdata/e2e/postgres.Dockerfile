# PostgreSQL 15 laid out as Bitnami's image lays it out. images.sh gives the packages.
FROM debian:bookworm-slim
ARG PACKAGES
RUN apt-get update && apt-get install -y --no-install-recommends $(echo "$PACKAGES" | tr , ' ') && rm -rf /var/lib/apt/lists/*
COPY . /
USER 1001
