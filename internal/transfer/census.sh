# Lists the files that are newer than the backup. Arguments: the nonce that marks our own lines,
# the directory, the folder in it, the time as seconds since 1970, a limit in seconds.
nonce=$1 dir=$2 folder=$3 since=$4 limit=$5
LC_ALL=C
export LC_ALL
if cd -- "$dir/$folder" 2>/dev/null; then
	timeout "$limit" find . -type f -newermt "@$since" -printf '%P\0'
	code=$?
else
	code=0
fi
printf '\0%s end %s\0' "$nonce" "$code"
