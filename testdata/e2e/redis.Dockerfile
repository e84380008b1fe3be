# Redis. images.sh gives the packages.
FROM debian:bookworm-slim
ARG PACKAGES
RUN apt-get update && apt-get install -y --no-install-recommends $(echo "$PACKAGES" | tr , ' ') && rm -rf /var/lib/apt/lists/*
USER 1001
