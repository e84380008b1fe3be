#!/usr/bin/env bash
# Makes the dumps in this directory again: as root, on Debian, with mmdebstrap and a Debian mirror.
# Each PostgreSQL comes from its own Debian release and runs in a chroot below $TMPDIR, which is
# removed at the end. Per dump there are NAME.dump and NAME.list, what its own pg_restore --list
# prints; per version pgNN.counts, what SELECT count(*) says, and pgNN.values, the table "strange"
# with its text in hexadecimal.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'umount "$work"/*/proc 2>/dev/null || true; rm -rf "$work"' EXIT

inside='
set -eu
export PATH=/usr/lib/postgresql/$V/bin:$PATH PGHOST=/out PGUSER=postgres TZ=UTC LC_ALL=C
initdb -D /tmp/data -U postgres -A trust -E UTF8 --no-locale --no-sync >/dev/null
pg_ctl -D /tmp/data -o "-k /out -c listen_addresses= -c fsync=off" -w -l /tmp/log start >/dev/null
createdb mastodon_production
psql -qX -v ON_ERROR_STOP=1 -d mastodon_production -f /out/schema.sql >/dev/null
dump() { name=$1; shift; pg_dump -d mastodon_production --format=custom "$@" -f /out/$name.dump; }
pipe() { name=$1; shift; pg_dump -d mastodon_production --format=custom "$@" | cat >/out/$name.dump; }
dump pg$V-gzip-file
pipe pg$V-gzip-pipe
# without its largest tables, to stay small
pipe pg$V-none-pipe --compress=0 --exclude-table-data=statuses --exclude-table-data=accounts --exclude-table-data=files
if [ $V -ge 16 ]; then
  dump pg$V-lz4-file --compress=lz4
  pipe pg$V-zstd-pipe --compress=zstd
  dump pg$V-inserts-file --inserts
  dump pg$V-schema-file --schema-only
fi
for d in /out/*.dump; do pg_restore --list $d >${d%.dump}.list; done
psql -qAtX -d mastodon_production >/out/pg$V.counts <<SQL
SELECT format('"'SELECT %L, count(*) FROM %I.%I'"', c.oid, nspname, relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = '"'r'"' AND nspname IN ('"'public', 'odd'"') ORDER BY c.oid \gexec
SQL
psql -qAtX -F " " -d mastodon_production -c "SELECT id, coalesce(encode(convert_to(v, '"'UTF8'"'), '"'hex'"'), '"'NULL'"') FROM strange ORDER BY id" >/out/pg$V.values
pg_ctl -D /tmp/data -m fast stop >/dev/null
'

for release in bullseye:13 bookworm:15 trixie:17; do
  suite=${release%:*} version=${release#*:} root=$work/${release%:*}
  mmdebstrap --quiet --variant=minbase --include=postgresql-$version $suite "$root"
  install -d -m 777 "$root/out"
  cp "$here/schema.sql" "$root/out/"
  mount -t proc proc "$root/proc"
  V=$version chroot "$root" su postgres -s /bin/sh -c "$inside"
  umount "$root/proc"
  rm "$root/out/schema.sql"
  find "$root/out" -maxdepth 1 -type f -exec cp -t "$here" {} +
  rm -rf "$root"
done
chmod 644 "$here"/pg*
