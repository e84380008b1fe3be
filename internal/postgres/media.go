package postgres

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Media returns where the files of the newest local attachments should be, below public/system,
// at most limit of them.
func (s *Server) Media(ctx context.Context, name string, limit int) ([]string, error) {
	rows, err := s.query(ctx, name, `SELECT id, file_file_name FROM media_attachments
		WHERE remote_url = '' AND file_file_name IS NOT NULL ORDER BY id DESC LIMIT :v1`, strconv.Itoa(limit))
	if err != nil {
		return nil, fmt.Errorf("list the newest attachments of %s: %w", name, err)
	}
	var files []string
	for _, r := range rows {
		if id, err := strconv.ParseInt(r[0], 10, 64); err == nil && len(r) == 2 {
			files = append(files, path.Join("media_attachments/files", Partition(id), "original", r[1]))
		}
	}
	return files, nil
}

// Partition is the folder of an id, three digits a level, as Mastodon's file store has it.
func Partition(id int64) string {
	digits := fmt.Sprintf("%09d", id)
	for len(digits)%3 != 0 {
		digits = "0" + digits
	}
	var parts []string
	for i := 0; i < len(digits); i += 3 {
		parts = append(parts, digits[i:i+3])
	}
	return strings.Join(parts, "/")
}
