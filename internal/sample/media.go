package sample

import (
	"fmt"
	"strings"
	"time"
)

// The values of media_attachments.type.
const (
	typeImage = 0
	typeVideo = 2
	typeAudio = 4
)

type attachment struct {
	id              int64
	status          status
	created         time.Time
	local           bool
	kind            int
	file, thumbnail picture
}

// attachment makes the k-th attachment; the first [Size.LocalAttachments] are local. Of the remote
// ones every fifth is no longer cached.
func (s Size) attachment(k int, now time.Time) attachment {
	local := k < s.LocalAttachments
	var i int
	if local {
		i = k * s.LocalStatuses / s.LocalAttachments
	} else {
		i = s.LocalStatuses + (k-s.LocalAttachments)*s.RemoteStatuses/s.RemoteAttachments
	}
	a := attachment{status: s.status(i, now), local: local}
	a.created = a.status.created
	a.id = snowflake(a.created, k, local)
	switch k % 12 {
	case 5:
		a.kind, a.file = typeVideo, s.picture(kindAttachment, k, ".mp4", "video/mp4")
	case 7:
		a.kind, a.file = typeAudio, s.picture(kindAttachment, k, ".mp3", "audio/mpeg")
		a.thumbnail = s.picture(kindAttachment, -1-k, ".png", "image/png")
	default:
		a.kind, a.file = typeImage, s.picture(kindAttachment, k, ".jpg", "image/jpeg")
	}
	if !local && k%5 == 4 {
		a.file, a.thumbnail = picture{}, picture{}
	}
	return a
}

// attached are the numbers of the attachments of the i-th status: first to last, without last.
func (s Size) attached(i int) (first, last int) {
	n, of, before := s.LocalAttachments, s.LocalStatuses, 0
	if i >= s.LocalStatuses {
		i, n, of, before = i-s.LocalStatuses, s.RemoteAttachments, s.RemoteStatuses, s.LocalAttachments
	}
	return before + (i*n+of-1)/of, before + ((i+1)*n+of-1)/of
}

func (s Size) attachmentIDs(i int, now time.Time) any {
	first, last := s.attached(i)
	var ids []string
	for k := first; k < last; k++ {
		ids = append(ids, fmt.Sprint(s.attachment(k, now).id))
	}
	return or(first < last, "{"+strings.Join(ids, ",")+"}")
}

func (s Size) emoji(i int) (shortcode, domain string, image picture) {
	if i >= s.LocalEmojis {
		domain = hosts[i%len(hosts)]
	}
	return fmt.Sprint("blob_", nouns[i%len(nouns)], i), domain, s.picture(kindEmoji, i, ".png", "image/png")
}

func (s Size) card(i int) picture {
	if i%6 == 5 {
		return picture{}
	}
	return s.picture(kindCard, i, ".jpg", "image/jpeg")
}

// uploads are the pictures of the server itself, site_uploads.var.
var uploads = []string{"thumbnail", "mascot", "favicon", "app_icon"}

func (s Size) media(c *copier) {
	c.table("media_attachments", "id, status_id, account_id, file_file_name, file_content_type, file_file_size, file_updated_at, remote_url, file_storage_schema_version, "+
		"thumbnail_file_name, thumbnail_content_type, thumbnail_file_size, thumbnail_updated_at, thumbnail_remote_url, shortcode, type, file_meta, description, blurhash, processing, created_at, updated_at", func(row func(...any)) {
		for k := range s.attachments() {
			a := s.attachment(k, c.now)
			remote := fmt.Sprintf("https://%s/media/%d", s.host(a.status.author), a.id)
			cached, thumbnail := a.file.columns(a.created, a.local, remote), a.thumbnail.columns(a.created, a.local, remote)
			if !a.local {
				cached[4] = remote // the address stays when the copy here is gone
			}
			row(a.id, a.status.id, a.status.authorID, cached, thumbnail[:5], or(k%3 == 0, fmt.Sprintf("%x", a.id)), a.kind,
				`{"original":{"width":640,"height":480}}`, or(k%2 == 0, "A "+nouns[k%len(nouns)]), or(a.kind == typeImage, "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH"), 2, a.created, a.created)
		}
	})
	c.table("custom_emojis", "id, shortcode, domain, image_file_name, image_content_type, image_file_size, image_updated_at, image_remote_url, image_storage_schema_version, uri, category_id, created_at, updated_at", func(row func(...any)) {
		for i := range s.emojis() {
			code, domain, image := s.emoji(i)
			at := written(i, s.emojis(), c.now)
			row(i+1, code, or(domain != "", domain), image.columns(at, domain == "", "https://"+domain+"/emoji/"+code+".png"), or(domain != "", "https://"+domain+"/emojis/"+code), or(domain == "", 1), at, at)
		}
	})
	c.table("preview_cards", "id, url, title, description, image_file_name, image_content_type, image_file_size, image_updated_at, image_storage_schema_version, html, created_at, updated_at", func(row func(...any)) {
		for i := range s.Cards {
			at, image := written(i, s.Cards, c.now), s.card(i).columns(written(i, s.Cards, c.now), false, "")
			row(i+1, fmt.Sprintf("https://news.example/%d", i), "News of the "+nouns[i%len(nouns)], "What the "+nouns[i%len(nouns)]+" did next", image[:4], image[5], "", at, at)
		}
	})
	c.table("preview_cards_statuses", "preview_card_id, status_id, url", func(row func(...any)) {
		for i := range s.Cards {
			row(i+1, s.status(i*s.statuses()/s.Cards, c.now).id, fmt.Sprintf("https://news.example/%d", i))
		}
	})
	c.table("site_uploads", "id, var, file_file_name, file_content_type, file_file_size, file_updated_at, meta, created_at, updated_at", func(row func(...any)) {
		for i, upload := range uploads {
			at := c.now.Add(-age)
			row(i+1, upload, s.picture(kindUpload, i, ".png", "image/png").columns(at, true, "")[:4], `{"width":1200,"height":630}`, at, at)
		}
	})
}
