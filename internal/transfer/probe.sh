# Looks at the far side before a transfer. Arguments: the nonce that marks our own lines, the
# directory, the tag of all lanes that earlier runs of this transfer may have left, the file that
# tells what has arrived.
nonce=$1 dir=$2 tag=$3 sent=$4
LC_ALL=C
export LC_ALL

say() { printf '%s %s\n' "$nonce" "$*"; }

for tool in tar dd tee wc mkdir mv truncate find grep df; do
	command -v "$tool" >/dev/null 2>&1 || { say lacks "the command $tool"; exit 1; }
done
if command -v b2sum >/dev/null 2>&1; then
	say sum b2sum
elif ! command -v sha256sum >/dev/null 2>&1; then
	say lacks "the command b2sum or sha256sum"
	exit 1
fi
if ! cd -- "$dir" 2>/dev/null; then
	say lacks "the directory $dir"
	exit 1
fi
if ! [ -w . ]; then
	say lacks "the right to write in $dir (this shell is user $(id -u), the directory belongs to $(ls -ldn . | { read -r mode links owner rest; echo "$owner"; }))"
	exit 1
fi
passed=$( { printf 'a%32767s' | dd bs=32768 count=1 iflag=fullblock 2>/dev/null | tee /dev/fd/3 | wc -c >&4; } 3>&1 4>/dev/null | wc -c)
if [ "$passed" -ne 32768 ]; then
	say lacks "a dd with iflag=fullblock, or /dev/fd"
	exit 1
fi
tries=0
while pids=$(grep -ls "MASTODON_RESTORE_LANE=$tag" /proc/[0-9]*/environ); [ -n "$pids" ]; do
	for pid in $pids; do
		pid=${pid#/proc/}
		kill -9 "${pid%/environ}" 2>/dev/null
	done
	tries=$((tries + 1))
	if [ "$tries" -gt 100 ]; then
		say lacks "an end of the processes of an earlier run (pids $pids)"
		exit 1
	fi
	sleep 0.1
done
case $(tar --version 2>&1) in *"GNU tar"*) say tar gnu ;; *) say tar plain ;; esac
if [ -f "$sent" ]; then
	while read -r id sum blocks rest; do
		say sent "$id" "$sum" "$blocks"
	done <"$sent"
fi
say end
