# One lane of a transfer. Arguments: the nonce that marks our own lines, the directory, the file in
# it that tells what has arrived, the tag of a broken lane to end first (or -), the
# command that takes digests, tar's further options. Parcels come on the standard input: a
# block of 32 KiB that begins with the header's words, then the payload in whole blocks. Every
# parcel is answered by one line.
nonce=$1 dir=$2 sent=$3 broken=$4 digest=$5
shift 5
LC_ALL=C
export LC_ALL
exec 5>&1

say() { printf '%s %s\n' "$nonce" "$*"; }

# end kills what is left of a broken lane, and waits until it is gone.
end() {
	tries=0
	while pids=$(grep -ls "MASTODON_RESTORE_LANE=$1" /proc/[0-9]*/environ); [ -n "$pids" ]; do
		for pid in $pids; do
			pid=${pid#/proc/}
			kill -9 "${pid%/environ}" 2>/dev/null
		done
		tries=$((tries + 1))
		[ "$tries" -gt 100 ] && return 1
		sleep 0.1
	done
	return 0
}

# name decodes a word; the dot keeps newlines at a name's end.
name() {
	decoded=$(printf '%b.' "$1")
	decoded=${decoded%.}
}

# receive hands $1 blocks of the input to the pipe, and tells their size and digest on fd 4. All
# that is told there is told in one write each, as several tell at once.
receive() {
	{
		{
			told=$(dd bs=32768 count="$1" iflag=fullblock 2>&1 >&6)
			echo "$told" >&4
		} 6>&1 | tee /dev/fd/3 | "$digest" >&4
	} 3>&1
}

unpack() {
	receive "$blocks" | { tar "$@" -xvf - 2>&5; echo "rc=$?" >&4; } | { echo "n=$(wc -l)" >&4; }
}

place() {
	receive "$blocks" | {
		dd of="$part" bs=32768 seek="$word1" conv=notrunc iflag=fullblock status=none 2>&5
		echo "rc=$?" >&4
	}
}

# join is done already where the part file is gone and the file stands in its place.
join() {
	from=$part
	if [ -f "$part" ]; then
		truncate -s "$word1" "$part" 2>&5 || { echo "rc=$?" >&4; return; }
	else
		from=$target
	fi
	read -r found rest <<-END
		$(dd if="$from" bs=1048576 status=progress 2>&5 | "$digest")
	END
	echo "$found  -" >&4
	if [ "$found" != "$sum" ]; then
		echo "rc=0" >&4
		return
	fi
	if [ "$from" = "$part" ]; then
		[ ! -d "$target" ] && sync "$part" 2>&5 && mv -f -- "$part" "$target" 2>&5
	fi
	echo "rc=$?" >&4
}

check() {
	receive "$blocks" | { "$digest" -c - 2>&5 >&5; echo "rc=$?" >&4; }
}

if [ "$broken" != - ] && ! end "$broken"; then
	say stuck
	exit 1
fi
cd -- "$dir" || exit 1
say ready
while header=$(dd bs=32768 count=1 iflag=fullblock 2>/dev/null); do
	read -r verb id blocks sum word1 word2 word3 <<-END
		$header
	END
	case $verb in bye | "") exit 0 ;; esac
	if [ -n "$word2" ]; then
		name "$word2"
		part=$decoded
		name "$word3"
		target=$decoded
		case $part in */*) mkdir -p -- "${part%/*}" 2>&5 ;; esac
	fi
	case $verb in
	tar) got=$(unpack "$@" 4>&1) ;;
	piece) got=$(place 4>&1) ;;
	join) got=$(join 4>&1) ;;
	check) got=$(check 4>&1) ;;
	*) exit 1 ;;
	esac
	case $verb$got in
	check*) ;;
	*"$sum"*rc=0* | *rc=0*"$sum"*) echo "$id $sum $blocks" >>"$sent" ;;
	esac
	say end "$id" $got
	# After a refusal nobody knows how much of the input was read. A list with differences is none.
	case $verb$got in check* | *rc=0*) ;; *) exit 1 ;; esac
done
