package sample

import (
	"fmt"
	"strings"
	"time"
)

// InstanceActor is the id of the account that speaks for the server itself.
const InstanceActor int64 = -99

// snowflake is a key as timestamp_id makes them: milliseconds, then 16 bits that tell apart what
// was written in the same one. Local and remote things share tables, so one bit is theirs.
func snowflake(at time.Time, i int, local bool) int64 {
	tail := uint16(i) << 1
	if local {
		tail |= 1
	}
	return at.UnixMilli()<<16 | int64(tail)
}

// Partition is the directory of a record's files: its id in groups of three digits, with as many
// groups as the id needs and never fewer than three.
func Partition(id int64) string {
	digits := fmt.Sprintf("%09d", id)
	if short := len(digits) % 3; short > 0 {
		digits = strings.Repeat("0", 3-short) + digits
	}
	var groups []string
	for ; digits != ""; digits = digits[3:] {
		groups = append(groups, digits[:3])
	}
	return strings.Join(groups, "/")
}
