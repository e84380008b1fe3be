# The stand-in for ghcr.io/mastodon/mastodon. images.sh gives the packages.
FROM debian:bookworm-slim
ARG PACKAGES
RUN apt-get update && apt-get install -y --no-install-recommends $(echo "$PACKAGES" | tr , ' ') && rm -rf /var/lib/apt/lists/*
COPY . /
ENV PATH=/opt/mastodon/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin RAILS_ENV=production
WORKDIR /opt/mastodon
USER mastodon
ENTRYPOINT ["/usr/bin/tini", "--"]
