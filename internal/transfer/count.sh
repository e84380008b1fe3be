# Lists the size of every file below some folders. Arguments: the nonce that marks our own lines,
# the directory, then the folders as words for printf %b, each with its depth.
nonce=$1 dir=$2
shift 2
LC_ALL=C
export LC_ALL
cd -- "$dir" || exit 1
# Writing back what is still in memory may take minutes, and must not look like a stall.
while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do printf '%s alive\n' "$nonce"; done &
alive=$!
sync -f . 2>/dev/null
kill "$alive"
while [ $# -gt 1 ]; do
	folder=$(printf '%b.' "$1")
	folder=${folder%.}
	printf '%s folder %s\n' "$nonce" "$1"
	if [ -d "./$folder" ]; then
		if [ "$2" = tree ]; then
			find "./$folder" -type f -printf '%s\n'
		else
			find "./$folder" -maxdepth 1 -type f -printf '%s\n'
		fi
	fi
	shift 2
done
printf '%s end\n' "$nonce"
